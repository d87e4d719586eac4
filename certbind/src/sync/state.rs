//! The state that a store was last synchronised to, in a file, which shows the origin of later
//! changes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use certbind_core::{Binding, StoreError};
use serde::{Deserialize, Serialize};

use super::digest::digested;
use crate::data_directory::system_folder;
use crate::error::Error;
use crate::folders;
use crate::output_file;
use crate::terminal::escaped_json;
use crate::undo;

const FORMAT: &str = "certbind-sync";
const VERSION: u64 = 2;

/// The version that has session ticket keys.
const WITH_KEYS: u64 = 1;

/// The known state of a store, [without secrets](digested).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    /// The state that it was synchronised to.
    pub(crate) taken: Vec<Binding>,
    /// The state that a run was about to write, and may have written.
    pub(crate) taking: Option<Vec<Binding>>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u64,
    host: String,
    store: String,
    taken: Vec<Binding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    taking: Option<Vec<Binding>>,
}

impl State {
    /// Where the state of a store is kept unless a file is named. On Windows only administrators
    /// write there.
    pub(crate) fn place(host: &str, store: &str) -> Result<PathBuf, StoreError> {
        let folder = system_folder()?;
        // Two stores whose names become one refuse each other's file.
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let store: String = store.chars().map(plain).collect();
        Ok(folder.join("sync").join(format!("{host}@{store}.json")))
    }

    /// Reads the file. Without a file the state is empty.
    ///
    /// # Errors
    /// If the file cannot be read, or others may write to the default folder.
    pub(crate) fn read(path: &Path, host: &str, store: &str) -> Result<Self, Error> {
        if let Some(folder) = path.parent().filter(|folder| folder.exists()) {
            create_folder(folder).map_err(|error| StoreError::io("use", folder, error))?;
        }
        let broken = |problem: String| Error::BrokenInput {
            path: path.to_owned(),
            problem,
        };
        let bytes = match crate::read_file::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => {
                return Err(Error::Input {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        let file: File =
            serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
        let is_known = [WITH_KEYS, VERSION].contains(&file.version);
        if file.format != FORMAT || !is_known {
            return Err(broken(format!(
                "expected {FORMAT:?} of version {VERSION}, found {:?} of version {}",
                file.format, file.version
            )));
        }
        if (file.host.as_str(), file.store.as_str()) != (host, store) {
            return Err(Error::OtherSync {
                path: path.to_owned(),
                found: format!("{} to {}", file.host, file.store),
                wanted: format!("{host} to {store}"),
            });
        }
        if file.version == WITH_KEYS {
            let digested = |all: Vec<Binding>| all.iter().map(digested).collect();
            return Ok(Self {
                taken: digested(file.taken),
                taking: file.taking.map(digested),
            });
        }
        Ok(Self {
            taken: file.taken,
            taking: file.taking,
        })
    }

    /// Writes it durably and atomically.
    pub(crate) fn keep(&self, path: &Path, host: &str, store: &str) -> Result<(), Error> {
        let file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            host: host.to_owned(),
            store: store.to_owned(),
            taken: self.taken.clone(),
            taking: self.taking.clone(),
        };
        if let Some(folder) = path.parent() {
            create_folder(folder)
                .map_err(|error| StoreError::io("make the directory", folder, error))?;
        }
        let json = escaped_json(&serde_json::to_string_pretty(&file)?);
        output_file::replace(path, |out| Ok(out.write_all(json.as_bytes())?))?;
        undo::sync(path).map_err(|error| StoreError::io("write", path, error).into())
    }
}

/// Creates the folder of a state, for its owner alone. One in the default place is refused if another user
/// may write to it: a forged state has local changes reverted, or keeps those that should be.
fn create_folder(folder: &Path) -> std::io::Result<()> {
    match system_folder().is_ok_and(|own| folder.starts_with(own)) {
        true => certbind_httpsys::create_private_folder(folder),
        false => folders::create(folder),
    }
}

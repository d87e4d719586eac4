//! `redb:PATH`: a redb file.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use certbind_core::StoreError;
use certbind_core::history::HistoryOptions;
use certbind_redb::{ReadMode, RedbBuilder, RedbStore, Verification};

use crate::backend::{Access, Sharing, StoreBackend};
use crate::open_store::{CheckReport, OpenStore};
use crate::shared_file::SharedFile;

/// The start of a redb file.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// The start of a WAL.
const WAL_MAGIC: &[u8] = b"certblog";

/// How long a change waits for a reader of the file.
const IN_USE: Duration = Duration::from_millis(500);

/// `redb:PATH`: one redb file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Redb {
    history: Option<fn() -> Option<HistoryOptions>>,
}

impl Redb {
    /// A backend whose stores keep no history of the changes that are made through it.
    #[must_use]
    pub const fn new() -> Self {
        Self { history: None }
    }

    /// A backend whose stores keep the history of changes with these options, which are requested
    /// when a store is opened for changes.
    #[must_use]
    pub const fn with_history(options: fn() -> Option<HistoryOptions>) -> Self {
        Self {
            history: Some(options),
        }
    }

    fn builder(self) -> RedbBuilder {
        let history = self.history.and_then(|options| options());
        RedbStore::builder().history(history)
    }
}

impl StoreBackend for Redb {
    fn scheme(&self) -> &'static str {
        "redb"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[("redb:PATH", "a database file; `add` and `import` create it")]
    }

    fn check_address(&self, address: &str) -> Result<(), String> {
        match address.is_empty() {
            true => Err("expected a path: redb:PATH".to_owned()),
            false => Ok(()),
        }
    }

    fn location(&self, address: &str) -> String {
        address.to_owned()
    }

    fn absolute(&self, address: &str, folder: &Path) -> String {
        let path = folder.join(address);
        let absolute = std::path::absolute(&path).unwrap_or(path);
        absolute.display().to_string()
    }

    fn open(&self, address: &str, access: Access) -> Result<Option<OpenStore>, StoreError> {
        let path = Path::new(address);
        // If existence cannot be determined, such as in a folder of another user, opening reports why.
        if access != Access::Create && matches!(path.try_exists(), Ok(false)) {
            return Ok(None);
        }
        let store = match access {
            Access::Read => read_only(path)?,
            Access::Change => retry_while_in_use(|| self.builder().open_existing(path))?,
            Access::Create => {
                create_parent(path)?;
                retry_while_in_use(|| self.builder().open(path))?
            }
        };
        Ok(Some(opened(store)))
    }

    /// A shared file is open only while a call runs.
    fn open_embedded(&self, address: &str, sharing: Sharing) -> Result<OpenStore, StoreError> {
        let path = Path::new(address);
        if sharing == Sharing::Shared {
            let store = Arc::new(SharedFile::new(path.to_owned())?);
            return Ok(OpenStore::new(Arc::clone(&store) as _).with_tables(store));
        }
        // The store is not closed: a WAL would stay next to the file.
        let builder = RedbStore::builder()
            .read_mode(ReadMode::InMemory)
            .wal_after_commits(None);
        Ok(opened(builder.open(path)?))
    }

    fn open_discarding_wal(&self, address: &str) -> Result<OpenStore, StoreError> {
        let builder = RedbStore::builder().discard_wal();
        Ok(opened(builder.open_existing(Path::new(address))?))
    }

    fn files(&self, address: &str) -> Vec<PathBuf> {
        let wal = format!("{address}-log");
        vec![address.into(), wal.into()]
    }

    fn owns(&self, file: &Path) -> io::Result<bool> {
        begins_with(file, MAGIC)
    }

    /// The WAL of a store has its name with `-log` appended, its layout the ending `.layout.json`.
    fn owns_part(&self, file: &Path) -> io::Result<bool> {
        let has_store =
            |path: PathBuf| path.is_file() && begins_with(&path, MAGIC).unwrap_or(false);
        let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if let Some(store) = name.strip_suffix("-log")
            && has_store(file.with_file_name(store))
        {
            return Ok(true);
        }
        if let Some(stem) = name.strip_suffix(".layout.json") {
            let folder = file
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            for entry in folder.unwrap_or(Path::new(".")).read_dir()? {
                let path = entry?.path();
                if path.file_stem() == Some(OsStr::new(stem)) && has_store(path) {
                    return Ok(true);
                }
            }
        }
        Ok(file.is_file() && begins_with(file, WAL_MAGIC)?)
    }

    fn may_be_named_by_plans(&self, _: &str) -> bool {
        true
    }
}

fn begins_with(file: &Path, magic: &[u8]) -> io::Result<bool> {
    let mut start = Vec::new();
    let file = File::open(file)?;
    file.take(magic.len() as u64).read_to_end(&mut start)?;
    Ok(start == magic)
}

fn opened(store: RedbStore) -> OpenStore {
    let (layout, id) = (store.path().with_extension("layout.json"), store.id());
    let store = Arc::new(store);
    let checked = Arc::clone(&store);
    let check = move || {
        let report = checked.check()?;
        Ok(CheckReport {
            bindings: report.bindings,
            revision: Some(report.revision),
            problems: report.problems,
        })
    };
    OpenStore::new(Arc::clone(&store) as _)
        .with_layout_file(layout, id)
        .with_check(check)
        .with_history(Arc::clone(&store) as _)
        .with_tables(store)
}

/// A program that reads the file repeatedly, such as `serve`, opens it only briefly.
fn retry_while_in_use(
    open: impl Fn() -> Result<RedbStore, StoreError>,
) -> Result<RedbStore, StoreError> {
    let end = Instant::now() + IN_USE;
    loop {
        match open() {
            Err(StoreError::InUse { .. }) if Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(5));
            }
            opened => return opened,
        }
    }
}

/// Opens a file for reading: each page is verified when it is read, and few are cached. Commands that
/// only read scan the file once, so that a larger cache would fill with pages that are not read again.
fn read_only(path: &Path) -> Result<RedbStore, StoreError> {
    RedbStore::builder()
        .verification(Verification::PagesAsRead)
        .cache_size(2 << 20)
        .open_read_only(path)
}

/// Creates the missing folders of a store, on Unix for their owner alone under any umask: who may
/// write to the folder may replace the store.
fn create_parent(path: &Path) -> Result<(), StoreError> {
    let Some(parent) = path.parent().filter(|it| !it.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(parent);
    made.map_err(|error| StoreError::io("make the directory", parent, error))
}

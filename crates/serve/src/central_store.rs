//! The central certificate store: a folder with a PFX file for each host name.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use certbind_certificates::is_reserved_on_windows;
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::certificates::of_file;

/// A folder that is laid out as IIS' Centralized Certificate Store is: `www.contoso.com.pfx` for a host
/// name, `_.contoso.com.pfx` for the names that are one label longer.
#[derive(Debug)]
pub(crate) struct CentralStore {
    folder: PathBuf,
    passwords: Zeroizing<Vec<String>>,
    /// The files that were read. A client cannot fill it: only files that exist are kept.
    read: Mutex<HashMap<String, (Version, Loaded)>>,
}

type Loaded = Result<Arc<CertifiedKey>, String>;
type Version = (Option<SystemTime>, u64);

/// The reason why the central store has no certificate for a name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CentralStoreError {
    #[error("the central store has no file for {0}")]
    NoFile(String),
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
}

impl CentralStore {
    pub(crate) fn new(folder: PathBuf, passwords: Zeroizing<Vec<String>>) -> Self {
        Self {
            folder,
            passwords,
            read: Mutex::default(),
        }
    }

    /// The file and the certificate for a host name.
    pub(crate) fn get(&self, name: &str) -> Result<(String, Arc<CertifiedKey>), CentralStoreError> {
        let name = name.to_ascii_lowercase();
        for file in files_of(&name) {
            let path = self.folder.join(&file);
            let Ok(metadata) = std::fs::metadata(&path) else {
                continue;
            };
            if !metadata.is_file() {
                continue;
            }
            let version = version(&metadata);
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            let loaded = match read.get(&file) {
                Some((of, loaded)) if *of == version => loaded.clone(),
                _ => {
                    let loaded = std::fs::read(&path).map_err(|error| error.to_string());
                    let loaded = loaded.and_then(|bytes| of_file(&bytes, &self.passwords));
                    let loaded = loaded.map(Arc::new);
                    read.insert(file.clone(), (version, loaded.clone()));
                    loaded
                }
            };
            return match loaded {
                Ok(certificate) => Ok((file, certificate)),
                Err(problem) => Err(CentralStoreError::File { path, problem }),
            };
        }
        Err(CentralStoreError::NoFile(name))
    }
}

/// The files that IIS searches. A name that is not a valid file name, or that Windows takes for a device,
/// has none.
fn files_of(name: &str) -> Vec<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !name.bytes().all(is_plain) || name.starts_with('.') || is_reserved_on_windows(name) {
        return Vec::new();
    }
    let wildcard = name
        .split_once('.')
        .filter(|(_, parent)| !parent.is_empty());
    let wildcard = wildcard.map(|(_, parent)| format!("_.{parent}.pfx"));
    [format!("{name}.pfx")]
        .into_iter()
        .chain(wildcard)
        .collect()
}

fn version(metadata: &Metadata) -> Version {
    (metadata.modified().ok(), metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_file_and_their_wildcards() {
        assert_eq!(
            files_of("www.contoso.com"),
            ["www.contoso.com.pfx", "_.contoso.com.pfx"]
        );
        assert_eq!(files_of("localhost"), ["localhost.pfx"]);
        for escape in [
            "../../etc/passwd",
            "a/b",
            "a\\b",
            ".hidden",
            "a\0b",
            "a:b",
            "con",
            "com1.contoso.com",
        ] {
            assert_eq!(files_of(escape), [""; 0], "{escape}");
        }
    }
}

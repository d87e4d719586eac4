//! The certificates that the simulated host has.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use store_core::CertHash;

/// Which certificates can be bound. HTTP.sys refuses one that is not in its store, or whose private
/// key it cannot use, with 1312.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Inventory {
    /// Any: certificates are not looked at.
    #[default]
    Any,
    /// These, whatever the store's name.
    Only(HashSet<CertHash>),
}

impl Inventory {
    /// The certificates in the PEM and DER files of a folder. Files without one are passed over.
    ///
    /// # Errors
    /// [`InventoryError`] if the folder or a file in it cannot be read.
    pub fn of_folder(folder: &Path) -> Result<Self, InventoryError> {
        let error = |path: &Path, source| InventoryError {
            path: path.to_owned(),
            source,
        };
        let mut hashes = HashSet::new();
        for entry in std::fs::read_dir(folder).map_err(|e| error(folder, e))? {
            let path = entry.map_err(|e| error(folder, e))?.path();
            if path.is_file() {
                let file = std::fs::read(&path).map_err(|e| error(&path, e))?;
                hashes.extend(CertHash::of_certificate(&file).ok());
            }
        }
        Ok(Self::Only(hashes))
    }

    pub(crate) fn has(&self, hash: &CertHash) -> bool {
        match self {
            Self::Any => true,
            Self::Only(hashes) => hashes.contains(hash),
        }
    }
}

/// A folder of certificates that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct InventoryError {
    /// The folder or file.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

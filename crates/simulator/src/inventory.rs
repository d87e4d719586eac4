//! The certificates that the simulated host has.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use certbind_certificates::Folder;
pub use certbind_certificates::FolderError as InventoryError;
use certbind_core::CertHash;

/// Which certificates can be bound. HTTP.sys refuses one that is not in its store, or whose private
/// key it cannot use, with 1312.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Inventory {
    /// Any: certificates are not checked.
    #[default]
    Any,
    /// These, in any store.
    Only(HashSet<CertHash>),
    /// Those in the PEM, DER and PFX files of this folder, in any store. It is read for each lookup
    /// of a certificate, so that a new one can be bound by the next call.
    Folder(PathBuf),
}

impl Inventory {
    /// The certificates in the files of a folder, also those that appear later. Files without a
    /// certificate are ignored.
    ///
    /// # Errors
    /// [`InventoryError`] if the folder or a file in it cannot be read now. Later, an unreadable
    /// certificate counts as absent.
    pub fn of_folder(folder: &Path) -> Result<Self, InventoryError> {
        Folder::read(folder)?;
        // Programs may change their working directory.
        Ok(Self::Folder(
            std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
        ))
    }

    pub(crate) fn has(&self, hash: &CertHash) -> bool {
        match self {
            Self::Any => true,
            Self::Only(hashes) => hashes.contains(hash),
            Self::Folder(folder) => {
                Folder::read(folder).is_ok_and(|folder| folder.get(hash).is_some())
            }
        }
    }
}

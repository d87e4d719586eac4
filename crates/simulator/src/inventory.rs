//! The certificates that the simulated host has.

use std::collections::HashSet;
use std::path::Path;

use certbind_certificates::Folder;
pub use certbind_certificates::FolderError as InventoryError;
use certbind_core::CertHash;

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
        let folder = Folder::read(folder)?;
        let hashes = folder.certificates().map(|certificate| *certificate.hash());
        Ok(Self::Only(hashes.collect()))
    }

    pub(crate) fn has(&self, hash: &CertHash) -> bool {
        match self {
            Self::Any => true,
            Self::Only(hashes) => hashes.contains(hash),
        }
    }
}

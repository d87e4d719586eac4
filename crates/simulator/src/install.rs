//! Adding a certificate to a host while programs run.

use std::io;
use std::path::{Path, PathBuf};

use certbind_certificates::{LeafError, hash_of_file};
use certbind_core::CertHash;

use crate::certificates::CertificateState;
use crate::inventory::Inventory;
use crate::simulator::Simulator;

/// The reason why a certificate cannot be added to a host.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// Nothing in the file can be bound, or it has a password.
    #[error(transparent)]
    Certificate(#[from] LeafError),
    /// The folder of the host's certificates cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Folder {
        /// The file to create.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl Simulator {
    /// Adds a certificate to those of the host, from the content of a file as [`hash_of_file`]
    /// reads it, and returns its hash. If they are in a folder ([`Inventory::Folder`]) it is
    /// written to a file there, so that the next call of any program can bind it. A
    /// [state](Self::certificate) that it had in this simulator is forgotten.
    ///
    /// # Errors
    /// [`InstallError`]; the host is then unchanged.
    pub fn install_certificate(&self, file: &[u8]) -> Result<CertHash, InstallError> {
        let hash = hash_of_file(file)?;
        if let Inventory::Folder(folder) = &self.inventory {
            write(folder, &hash, file)?;
        }
        self.certificate(hash, CertificateState::Usable);
        Ok(hash)
    }
}

/// Writes a file into the folder atomically: a program may read it at the same moment.
fn write(folder: &Path, hash: &CertHash, file: &[u8]) -> Result<(), InstallError> {
    let number = std::process::id();
    let parent = folder.parent().unwrap_or(folder);
    let new = parent.join(format!(".{hash}-{number}.new"));
    let error = |path: &Path, source| InstallError::Folder {
        path: path.to_owned(),
        source,
    };
    std::fs::write(&new, file).map_err(|source| error(&new, source))?;
    let place = folder.join(hash.to_string());
    std::fs::rename(&new, &place).map_err(|source| {
        // Its name begins with a dot and is used by no other file.
        let _ = std::fs::remove_file(&new);
        error(&place, source)
    })
}

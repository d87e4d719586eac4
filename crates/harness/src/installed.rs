//! The certificates that a host has.

use std::path::{Path, PathBuf};

use certbind_certificates::hash_of_file;

use crate::config::CERTIFICATES;
use crate::error::HarnessError;
use crate::harness::Harness;

impl Harness {
    /// The folder with the certificates of the host, in PEM, DER and PFX files without a password.
    /// After the first call, a certificate that is not in it is absent; before, every certificate
    /// is usable. Programs of commands created from then on read it at each call, so a program may
    /// write a certificate there and bind it.
    ///
    /// # Errors
    /// [`HarnessError::File`] if it cannot be made.
    pub fn certificate_folder(&self) -> Result<PathBuf, HarnessError> {
        let folder = self.path(CERTIFICATES);
        std::fs::create_dir_all(&folder).map_err(|error| HarnessError::file(&folder, error))?;
        Ok(folder)
    }

    /// Copies a certificate into the [`certificate_folder`](Self::certificate_folder): any program can bind it
    /// with its next call.
    ///
    /// # Errors
    /// [`HarnessError::Certificate`] for a file in which no certificate can be read, such as a PFX file with a
    /// password; [`HarnessError::File`] if it cannot be copied.
    pub fn install_certificate(&self, file: impl AsRef<Path>) -> Result<(), HarnessError> {
        let file = file.as_ref();
        let content = std::fs::read(file).map_err(|error| HarnessError::file(file, error))?;
        let hash = hash_of_file(&content).map_err(|error| HarnessError::Certificate {
            path: file.to_owned(),
            message: error.to_string(),
        })?;
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        let place = self
            .certificate_folder()?
            .join(format!("{hash}.{extension}"));
        // Atomically: a program may read it at the same moment.
        let written = self.path("certificate.tmp");
        std::fs::write(&written, content).map_err(|error| HarnessError::file(&written, error))?;
        std::fs::rename(&written, &place).map_err(|error| HarnessError::file(&place, error))
    }
}

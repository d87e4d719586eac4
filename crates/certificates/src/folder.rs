//! The certificates of a folder.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use certbind_core::CertHash;

use crate::certificate::Certificate;
use crate::file::of_file;

/// The certificates in the files of a folder, each once. Encrypted files are skipped.
///
/// ```no_run
/// use certbind_certificates::Folder;
///
/// let folder = Folder::read("certificates".as_ref())?;
/// for certificate in folder.certificates() {
///     println!("{} {}", certificate.hash(), certificate.subject().escape_debug());
/// }
/// # Ok::<(), certbind_certificates::FolderError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    certificates: BTreeMap<CertHash, Certificate>,
    skipped_files: Vec<PathBuf>,
}

impl Folder {
    /// Reads every file of a folder, but not of the folders in it.
    ///
    /// # Errors
    /// [`FolderError`] if the folder or a file in it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        let error = |path: &Path, source| FolderError {
            path: path.to_owned(),
            source,
        };
        let mut read = Self::default();
        for entry in std::fs::read_dir(folder).map_err(|e| error(folder, e))? {
            let path = entry.map_err(|e| error(folder, e))?.path();
            if !path.is_file() {
                continue;
            }
            let found = of_file(&std::fs::read(&path).map_err(|e| error(&path, e))?);
            if found.is_empty() {
                read.skipped_files.push(path);
            }
            for certificate in found {
                read.certificates.insert(*certificate.hash(), certificate);
            }
        }
        read.skipped_files.sort();
        Ok(read)
    }

    /// The certificate with this hash, if the folder has it.
    #[must_use]
    pub fn get(&self, hash: &CertHash) -> Option<&Certificate> {
        self.certificates.get(hash)
    }

    /// The certificates, by their hashes.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.values()
    }

    /// The files without a readable certificate: keys, requests, encrypted PFX files, others.
    #[must_use]
    pub fn skipped_files(&self) -> &[PathBuf] {
        &self.skipped_files
    }
}

/// A folder of certificates that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct FolderError {
    /// The folder or file.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

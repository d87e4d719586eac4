//! The certificates that are known.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use certbind_certificates::{Certificate, CertificateFile, PartError};
use certbind_core::CertHash;

/// The certificates that bindings are compared with, and the files that could not be read.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    certificates: Option<BTreeMap<CertHash, InventoryCertificate>>,
    unread: Vec<UnreadFile>,
    folder: Option<PathBuf>,
}

/// A certificate, and where it is from.
#[derive(Clone, Debug)]
pub struct InventoryCertificate {
    /// The certificate.
    pub certificate: Certificate,
    /// The name of the file.
    pub file: Box<str>,
}

/// A file of certificates that could not be read completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadFile {
    /// The name of the file.
    pub file: Box<str>,
    /// Why, in a few words.
    pub why: String,
}

impl Inventory {
    /// No inventory: nothing is known of certificates.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// These certificates, without a file.
    pub(crate) fn of(certificates: impl IntoIterator<Item = Certificate>) -> Self {
        let held = certificates.into_iter().map(|certificate| {
            let file = "".into();
            (
                *certificate.hash(),
                InventoryCertificate { certificate, file },
            )
        });
        Self {
            certificates: Some(held.collect()),
            ..Self::default()
        }
    }

    /// The certificates of a folder, and of no folder in it, or of a single file: PEM, DER, PFX
    /// (PKCS #12), PKCS #7 (`.p7b`), or a serialized store (`.sst`), under any file name. Each of
    /// the passwords and the empty one is tried on a PFX. Private keys are not kept.
    ///
    /// A file of another format, or one that cannot be read completely, is listed in the report
    /// ([`unread`](Self::unread)), except private keys and requests in PEM.
    ///
    /// # Errors
    /// [`InventoryError`] if the folder or a file in it cannot be read.
    pub fn read(path: &Path, passwords: &[String]) -> Result<Self, InventoryError> {
        let error = |path: &Path, source| InventoryError {
            path: path.to_owned(),
            source,
        };
        let mut files = Vec::new();
        let is_folder = path.is_dir();
        if is_folder {
            for entry in std::fs::read_dir(path).map_err(|e| error(path, e))? {
                files.push(entry.map_err(|e| error(path, e))?.path());
            }
            files.retain(|file| file.is_file());
            // The same certificates are attributed to the same files on every machine.
            files.sort();
        } else {
            let found = std::fs::metadata(path).map_err(|e| error(path, e))?;
            if !found.is_file() {
                let what =
                    "it is a device, a named pipe or a socket, which may have no end; name a file";
                return Err(error(
                    path,
                    io::Error::new(io::ErrorKind::InvalidInput, what),
                ));
            }
            files.push(path.to_owned());
        }
        let mut inventory = Self {
            certificates: Some(BTreeMap::new()),
            unread: Vec::new(),
            folder: match is_folder {
                true => Some(path.to_owned()),
                false => path.parent().map(Path::to_owned),
            },
        };
        for file in files {
            let bytes = std::fs::read(&file).map_err(|e| error(&file, e))?;
            let name = file.file_name().unwrap_or(file.as_os_str());
            inventory.add_file(&name.to_string_lossy(), &bytes, passwords);
        }
        Ok(inventory)
    }

    /// Adds the certificates in the bytes of a file. A certificate that is present already keeps
    /// its place.
    pub fn add_file(&mut self, name: &str, bytes: &[u8], passwords: &[String]) {
        let file: Box<str> = name.into();
        let held = self.certificates.get_or_insert_default();
        let why = match CertificateFile::read(bytes, passwords) {
            Ok(found) => {
                let why = unread(found.errors());
                for certificate in found.into_certificates() {
                    held.entry(*certificate.hash())
                        .or_insert_with(|| InventoryCertificate {
                            certificate,
                            file: file.clone(),
                        });
                }
                why
            }
            Err(error) => Some(error.to_string()),
        };
        self.unread.extend(why.map(|why| UnreadFile { file, why }));
    }

    /// Whether there is an inventory, be it an empty one.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.certificates.is_some()
    }

    /// The folder of the files, if they were read from one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The certificate with this hash, if it is known.
    #[must_use]
    pub fn get(&self, hash: &CertHash) -> Option<&InventoryCertificate> {
        self.certificates.as_ref()?.get(hash)
    }

    /// How many certificates are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.certificates.as_ref().map_or(0, BTreeMap::len)
    }

    /// Whether no certificate is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The certificates, by their hashes.
    pub fn iter(&self) -> impl Iterator<Item = &InventoryCertificate> {
        self.certificates.iter().flat_map(BTreeMap::values)
    }

    /// The files that could not be read.
    #[must_use]
    pub fn unread(&self) -> &[UnreadFile] {
        &self.unread
    }
}

/// The parts of a file that could not be read, in a few words. Each kind of error is named once.
fn unread(errors: &[PartError]) -> Option<String> {
    let (unnamed, named): (Vec<_>, Vec<_>) = errors
        .iter()
        .partition(|error| matches!(error, PartError::Certificate | PartError::Damaged));
    let mut reasons: Vec<_> = named.into_iter().map(PartError::to_string).collect();
    reasons.sort();
    reasons.dedup();
    match unnamed.len() {
        0 => {}
        1 => reasons.push("1 part of it cannot be read".to_owned()),
        several => reasons.push(format!("{several} parts of it cannot be read")),
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// A folder or file of certificates that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {source}", path.display())]
pub struct InventoryError {
    /// The folder or file.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

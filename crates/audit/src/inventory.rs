//! The certificates that are known.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use certbind_certificates::Certificate;
use certbind_core::CertHash;

mod pfx;
mod pkcs7;
mod serialized;

/// The certificates that bindings are held against, and the files that could not be read.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    certificates: Option<BTreeMap<CertHash, Held>>,
    unread: Vec<Unread>,
}

/// A certificate, and where it is from.
#[derive(Clone, Debug)]
pub struct Held {
    /// The certificate.
    pub certificate: Certificate,
    /// The name of the file.
    pub file: Box<str>,
}

/// A file of certificates that could not be read, or not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
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

    /// The certificates of a folder, and of no folder in it, or of a single file: PEM, DER, PFX
    /// (PKCS #12), PKCS #7 (`.p7b`), or a serialized store (`.sst`), whatever the file is called.
    /// Each of the passwords and the empty one is tried on a PFX. Private keys are not kept.
    ///
    /// A file that holds something else or cannot be understood, or not whole, is told of in the
    /// report ([`unread`](Self::unread)), but for private keys and requests in PEM.
    ///
    /// # Errors
    /// [`InventoryError`] if the folder or a file in it cannot be read.
    pub fn read(path: &Path, passwords: &[String]) -> Result<Self, InventoryError> {
        let error = |path: &Path, source| InventoryError {
            path: path.to_owned(),
            source,
        };
        let mut files = Vec::new();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).map_err(|e| error(path, e))? {
                files.push(entry.map_err(|e| error(path, e))?.path());
            }
            files.retain(|file| file.is_file());
            // The same certificates come from the same files on every machine.
            files.sort();
        } else {
            files.push(path.to_owned());
        }
        let mut inventory = Self {
            certificates: Some(BTreeMap::new()),
            unread: Vec::new(),
        };
        for file in files {
            let bytes = std::fs::read(&file).map_err(|e| error(&file, e))?;
            let name = file.file_name().unwrap_or(file.as_os_str());
            inventory.add_file(&name.to_string_lossy(), &bytes, passwords);
        }
        Ok(inventory)
    }

    /// Adds the certificates in the bytes of a file. A certificate that is there already keeps its
    /// place.
    pub fn add_file(&mut self, name: &str, bytes: &[u8], passwords: &[String]) {
        let file: Box<str> = name.into();
        match certificates_of(bytes, passwords) {
            Ok(found) => {
                let unread = found.iter().filter(|it| it.is_none()).count();
                let held = self.certificates.get_or_insert_default();
                for certificate in found.into_iter().flatten() {
                    held.entry(*certificate.hash()).or_insert_with(|| Held {
                        certificate,
                        file: file.clone(),
                    });
                }
                if unread > 0 {
                    let parts = if unread == 1 { "part" } else { "parts" };
                    let why = format!("{unread} {parts} of it cannot be read");
                    self.unread.push(Unread { file, why });
                }
            }
            Err(why) => {
                self.certificates.get_or_insert_default();
                self.unread.push(Unread { file, why });
            }
        }
    }

    /// Whether there is an inventory, be it an empty one.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.certificates.is_some()
    }

    /// The certificate with this hash, if it is known.
    #[must_use]
    pub fn get(&self, hash: &CertHash) -> Option<&Held> {
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
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.certificates.iter().flat_map(BTreeMap::values)
    }

    /// The files that could not be read.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }
}

/// The certificates of a file, with nothing in the place of each that cannot be read; at least one of
/// them can be, unless the file is one that holds none by nature.
type Found = Vec<Option<Certificate>>;

/// The certificates in the bytes of a file.
fn certificates_of(bytes: &[u8], passwords: &[String]) -> Result<Found, String> {
    if pfx::is_pfx(bytes) {
        return at_least_one("a PFX", pfx::certificates(bytes, passwords)?);
    }
    if serialized::is_store(bytes) {
        return at_least_one("a serialized store", serialized::certificates(bytes)?);
    }
    let found = certbind_certificates::each_of_file(bytes);
    if found.iter().any(Option::is_some) {
        return Ok(found);
    }
    if is_key_or_request(bytes) {
        return Ok(Vec::new());
    }
    match pkcs7::certificates(bytes) {
        Some(found) => at_least_one("a PKCS #7 file", found),
        None => {
            Err("it holds no certificate in PEM, DER, PFX, PKCS #7 or serialized form".to_owned())
        }
    }
}

/// What was found, unless no certificate of it can be read.
fn at_least_one(form: &str, found: Found) -> Result<Found, String> {
    match found.iter().any(Option::is_some) {
        true => Ok(found),
        false if found.is_empty() => Err(format!("it is {form} without a certificate")),
        false => Err(format!("it is {form} whose certificates cannot be read")),
    }
}

/// Whether a file is PEM of what lies beside certificates, and of nothing else: private keys, with
/// the parameters of their curves, and requests.
fn is_key_or_request(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines();
    let mut labels = lines
        .filter_map(|line| line.strip_prefix("-----BEGIN "))
        .peekable();
    let is_other = |label: &str| {
        let label = label.trim_end().trim_end_matches('-');
        ["PRIVATE KEY", "CERTIFICATE REQUEST", "PARAMETERS"]
            .iter()
            .any(|other| label.ends_with(other))
    };
    labels.peek().is_some() && labels.all(is_other)
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

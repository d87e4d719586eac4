//! Certificate files of every supported format.

use std::collections::BTreeSet;

use certbind_core::CertHash;

use crate::ber::{self, Element, SEQUENCE};
use crate::certificate::Certificate;
use crate::file_error::FileError;
use crate::leaf::{LeafError, leaf};
use crate::part_error::PartError;
use crate::pem::{self, Block};
use crate::{other_formats, pfx, pkcs7, serialized_store};

/// The certificates of a file, in the order of the file.
///
/// A file may be PEM with any number of blocks, DER, PFX (PKCS #12), PKCS #7 (`.p7b`), a serialized
/// store (`.sst`), or base64 without BEGIN and END lines. Its name does not matter.
///
/// ```
/// use certbind_certificates::CertificateFile;
///
/// let file = CertificateFile::read(include_bytes!("../tests/fixtures/www-2025.pem"), &[])?;
/// assert_eq!(file.certificates().len(), 1);
/// assert!(file.errors().is_empty());
/// # Ok::<(), certbind_certificates::FileError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFile {
    format: &'static str,
    certificates: Vec<Certificate>,
    /// The DER forms of the certificates, in the same order.
    ders: Vec<Box<[u8]>>,
    with_keys: BTreeSet<CertHash>,
    /// For each PFX, whether it contains a private key.
    pfx_has_key: Vec<bool>,
    errors: Vec<PartError>,
    /// Whether the file contains a private key, a request or similar.
    others: bool,
}

impl CertificateFile {
    /// Reads a file. Each of the passwords, and the empty one, is tried on encrypted parts. Private
    /// keys are not decrypted.
    ///
    /// Time and memory are bounded: a PFX that needs more than 5,000,000 iterations of its key
    /// derivation for one password, or more than 32 MiB of memory, is refused.
    ///
    /// # Errors
    /// [`FileError`] if no certificate can be read. A PEM file that contains only private keys or
    /// requests is not an error: it has no certificates.
    pub fn read(bytes: &[u8], passwords: &[String]) -> Result<Self, FileError> {
        if serialized_store::is_store(bytes) {
            let mut file = Self::new("a serialized store");
            file.add_all(serialized_store::certificates(bytes));
            return file.checked();
        }
        if let Some((format, advice)) = other_formats::name(bytes) {
            return Err(FileError::Unsupported { format, advice });
        }
        if bytes.first() == Some(&SEQUENCE) && ber::read(bytes).is_some() {
            return Self::read_binary(bytes, passwords);
        }
        let text = pem::text(bytes);
        let blocks = pem::blocks(&text);
        if !blocks.is_empty() {
            return Self::read_blocks(blocks, passwords);
        }
        match pem::bare_base64(&text) {
            Some(content) if content.first() == Some(&SEQUENCE) => {
                Self::read_binary(&content, passwords)
            }
            _ => Err(FileError::Unknown),
        }
    }

    fn new(format: &'static str) -> Self {
        Self {
            format,
            certificates: Vec::new(),
            ders: Vec::new(),
            with_keys: BTreeSet::new(),
            pfx_has_key: Vec::new(),
            errors: Vec::new(),
            others: false,
        }
    }

    /// The format, as in "a PFX".
    #[must_use]
    pub fn format(&self) -> &'static str {
        self.format
    }

    /// The certificates that could be read.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The certificates that could be read.
    #[must_use]
    pub fn into_certificates(self) -> Vec<Certificate> {
        self.certificates
    }

    /// The certificates that could be read, with their DER forms.
    pub fn with_ders(&self) -> impl Iterator<Item = (&Certificate, &[u8])> {
        let ders = self.ders.iter().map(|der| &**der);
        self.certificates.iter().zip(ders)
    }

    /// The parts that could not be read.
    #[must_use]
    pub fn errors(&self) -> &[PartError] {
        &self.errors
    }

    /// Whether the file contains the private key of a certificate, as far as it names it. Only a PFX
    /// does.
    #[must_use]
    pub fn has_key_of(&self, certificate: &Certificate) -> bool {
        self.with_keys.contains(certificate.hash())
    }

    /// Whether the file is a PFX without any private key: Windows imports its certificate, and
    /// HTTP.sys cannot use it.
    #[must_use]
    pub fn lacks_key(&self) -> bool {
        !self.pfx_has_key.is_empty() && !self.pfx_has_key.contains(&true)
    }

    /// The certificate of the server: the end of the chain in the file, for any order of the
    /// certificates.
    ///
    /// If the file contains the private key of exactly one certificate, it is that one. Otherwise it
    /// is the only certificate that issued no other one and is not an authority.
    ///
    /// # Errors
    /// [`LeafError`] if there is no certificate, or several qualify.
    pub fn leaf(&self) -> Result<&Certificate, LeafError> {
        let keyed = self.certificates.iter().filter(|it| self.has_key_of(it));
        let keyed: Vec<_> = keyed.collect();
        match keyed.as_slice() {
            [one, others @ ..] if others.iter().all(|it| it.hash() == one.hash()) => Ok(one),
            _ => leaf(&self.certificates),
        }
    }

    fn read_binary(bytes: &[u8], passwords: &[String]) -> Result<Self, FileError> {
        let mut file = Self::new(format_of(bytes));
        file.add_binary(bytes, passwords);
        if file.certificates.is_empty() && file.errors == [PartError::Certificate] {
            return Err(FileError::Unknown);
        }
        file.checked()
    }

    fn read_blocks(blocks: Vec<Block<'_>>, passwords: &[String]) -> Result<Self, FileError> {
        let mut file = Self::new("a PEM file");
        for Block { label, content } in blocks {
            if is_other(label) {
                file.others = true;
                continue;
            }
            match content {
                Some(content) if content.first() == Some(&SEQUENCE) => {
                    if label == "TRUSTED CERTIFICATE" {
                        file.add_trusted(&content);
                    } else {
                        file.add_binary(&content, passwords);
                    }
                }
                _ if label.ends_with("CERTIFICATE") => file.errors.push(PartError::Certificate),
                _ if label.starts_with("PKCS") || label == "CMS" => {
                    file.errors.push(PartError::Damaged);
                }
                _ => {
                    let label: String = label.chars().take(40).collect();
                    let what = format!("the PEM block {label:?}");
                    file.errors.push(PartError::unsupported(what));
                }
            }
        }
        if let ([], [only]) = (file.certificates.as_slice(), file.errors.as_slice())
            && *only == PartError::Certificate
        {
            return Err(FileError::Unknown);
        }
        if file.certificates.is_empty() && file.errors.is_empty() && file.others {
            return Ok(file);
        }
        file.checked()
    }

    /// Adds the elements of a binary file: usually one, but certificates may be concatenated.
    fn add_binary(&mut self, bytes: &[u8], passwords: &[String]) {
        let mut rest = bytes;
        while let Some((element, after)) = ber::read(rest) {
            if pfx::is_pfx(&element) {
                self.add_pfx(&element, passwords);
            } else if pkcs7::is_pkcs7(&element) {
                match pkcs7::certificates(&element) {
                    Ok(certificates) => self.add_all(certificates),
                    Err(error) => self.errors.push(error),
                }
            } else {
                self.add(element.raw);
            }
            rest = after.trim_ascii_start();
            // Padding, as of a fixed record size.
            if rest.iter().all(|byte| *byte == 0) {
                return;
            }
            if rest.first() != Some(&SEQUENCE) {
                break;
            }
        }
        self.errors.push(PartError::Damaged);
    }

    fn add_pfx(&mut self, element: &Element<'_>, passwords: &[String]) {
        let pfx = pfx::read(element, passwords);
        self.pfx_has_key.push(!pfx.keys.is_empty());
        for bag in &pfx.certificates {
            self.add(&bag.der);
            if bag
                .key_id
                .as_ref()
                .is_some_and(|id| pfx.key_ids.contains(id))
                && let Some(certificate) = Certificate::of_der(&bag.der)
            {
                self.with_keys.insert(*certificate.hash());
            }
        }
        self.errors.extend(pfx.errors);
    }

    /// Adds a certificate in OpenSSL's own format, which is followed by its trust settings.
    fn add_trusted(&mut self, content: &[u8]) {
        match ber::read(content) {
            Some((element, _)) => self.add(element.raw),
            None => self.errors.push(PartError::Certificate),
        }
    }

    fn add_all(&mut self, certificates: Vec<Result<&[u8], PartError>>) {
        for certificate in certificates {
            match certificate {
                Ok(der) => self.add(der),
                Err(error) => self.errors.push(error),
            }
        }
    }

    fn add(&mut self, der: &[u8]) {
        match Certificate::of_der(der) {
            Some(certificate) => {
                self.certificates.push(certificate);
                self.ders.push(der.into());
            }
            None => self.errors.push(PartError::Certificate),
        }
    }

    /// An error, unless a certificate was read.
    fn checked(self) -> Result<Self, FileError> {
        let format = self.format;
        if !self.certificates.is_empty() {
            return Ok(self);
        }
        Err(match self.errors.into_iter().next() {
            None => FileError::Empty { format },
            Some(PartError::Password) => FileError::Password { format },
            Some(source) => FileError::Unreadable { format, source },
        })
    }
}

/// The certificates of a file without encrypted parts; none if it cannot be read.
///
/// ```
/// let pem = include_bytes!("../tests/fixtures/www-2025.pem");
/// assert_eq!(certbind_certificates::of_file(pem)[0].subject(), "CN=www.contoso.com,O=Contoso");
/// ```
#[must_use]
pub fn of_file(file: &[u8]) -> Vec<Certificate> {
    let read = CertificateFile::read(file, &[]);
    read.map_or(Vec::new(), CertificateFile::into_certificates)
}

/// The hash of the server's certificate in a file without encrypted parts; see
/// [`CertificateFile::leaf`].
///
/// ```
/// let pem = include_bytes!("../tests/fixtures/www-2025.pem");
/// let hash = certbind_certificates::hash_of_file(pem)?;
/// assert_eq!(*certbind_certificates::of_file(pem)[0].hash(), hash);
/// # Ok::<(), certbind_certificates::LeafError>(())
/// ```
///
/// # Errors
/// [`LeafError`] if the file has no certificate, or several that qualify.
pub fn hash_of_file(file: &[u8]) -> Result<CertHash, LeafError> {
    let file = CertificateFile::read(file, &[])?;
    file.leaf().map(|certificate| *certificate.hash())
}

/// The format of a binary file.
fn format_of(bytes: &[u8]) -> &'static str {
    match ber::read(bytes) {
        Some((element, _)) if pfx::is_pfx(&element) => "a PFX",
        Some((element, _)) if pkcs7::is_pkcs7(&element) => "a PKCS #7 file",
        _ => "a DER file",
    }
}

/// Whether a PEM block is something that is usually found next to certificates.
fn is_other(label: &str) -> bool {
    const LABELS: [&str; 6] = [
        "PRIVATE KEY",
        "PUBLIC KEY",
        "CERTIFICATE REQUEST",
        "PARAMETERS",
        "X509 CRL",
        "ATTRIBUTE CERTIFICATE",
    ];
    LABELS.iter().any(|other| label.ends_with(other))
}

//! Certificate hashes, also called thumbprints.

use std::fmt;
use std::str::FromStr;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha1::{Digest, Sha1};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;

/// The SHA-1 hash of a certificate's DER form: how HTTP.sys and netsh name a certificate.
///
/// Always 20 bytes (`HTTP_SSL_CERT_SHA_HASH_LENGTH`). Text is read without regard to case, and
/// colons, dashes, blanks and the invisible characters that the Windows certificate dialog puts in
/// front of a copied thumbprint are passed over; it is printed in lower case, as netsh does.
///
/// ```
/// use certbind_core::CertHash;
///
/// let pasted: CertHash = "\u{200e}52 26 DC 6C 54 55 97 61 CD 47 1B 86 EB 51 C0 96 25 2C 90 F2".parse()?;
/// assert_eq!(pasted.to_string(), "5226dc6c54559761cd471b86eb51c096252c90f2");
/// # Ok::<(), certbind_core::HashError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertHash([u8; Self::LENGTH]);

impl CertHash {
    /// The length of a hash in bytes.
    pub const LENGTH: usize = 20;

    /// The hash with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The hash of the certificate in the bytes of a PEM or DER file. Of a PEM file with several
    /// certificates it is the first: in a chain, the server's own.
    ///
    /// # Errors
    /// [`HashError::NoCertificate`] if the file holds none: a key, a request, a PFX, another file.
    pub fn of_certificate(file: &[u8]) -> Result<Self, HashError> {
        let found = |der: &[u8]| {
            CertificateInner::<Raw>::from_der(der)
                .map(|_| Self(Sha1::digest(der).into()))
                .map_err(|_| HashError::NoCertificate)
        };
        match CertificateDer::pem_slice_iter(file).next() {
            Some(Ok(der)) => found(&der),
            Some(Err(_)) => Err(HashError::NoCertificate),
            None => found(file),
        }
    }
}

impl From<[u8; Self::LENGTH]> for CertHash {
    fn from(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for CertHash {
    type Error = HashError;

    fn try_from(bytes: &[u8]) -> Result<Self, HashError> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| HashError::Length { found: bytes.len() })
    }
}

impl fmt::Display for CertHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CertHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CertHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let mut bytes = [0; Self::LENGTH];
        let mut digits = 0;
        for character in text.chars().filter(|c| !is_separator(*c)) {
            let value = character
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
                .ok_or(HashError::Digit { character })?;
            if let Some(byte) = bytes.get_mut(digits / 2) {
                *byte = *byte << 4 | value;
            }
            digits += 1;
        }
        if digits != 2 * Self::LENGTH {
            return Err(HashError::Digits { found: digits });
        }
        Ok(Self(bytes))
    }
}

fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            ':' | '-'
                | '\u{200b}'..='\u{200f}' // zero-width and direction marks
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'
                | '\u{feff}'
        )
}

/// Why there is no certificate hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// A character that is neither a hexadecimal digit nor a separator.
    #[error("{character:?} is not a hexadecimal digit; a certificate hash is 40 of them")]
    Digit {
        /// The character.
        character: char,
    },
    /// Too few or too many digits.
    #[error("a certificate hash is 40 hexadecimal digits (SHA-1), not {found}")]
    Digits {
        /// How many there were.
        found: usize,
    },
    /// Too few or too many bytes.
    #[error("a certificate hash is 20 bytes (SHA-1), not {found}")]
    Length {
        /// How many there were.
        found: usize,
    },
    /// The file holds no certificate.
    #[error("the file holds no X.509 certificate in PEM or DER form")]
    NoCertificate,
}

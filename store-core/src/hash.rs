//! Certificate hashes, also called thumbprints.

use std::fmt;
use std::str::FromStr;

/// The SHA-1 hash of a certificate's DER encoding, by which HTTP.sys and netsh name a certificate.
///
/// A hash always has 20 bytes (`HTTP_SSL_CERT_SHA_HASH_LENGTH`). Parsing ignores case, colons,
/// dashes, spaces and the invisible characters that the Windows certificate dialog puts before a
/// copied thumbprint. `Display` prints lower case, as netsh does.
///
/// `certbind_certificates::hash_of_file` computes the hash of a certificate file.
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

    /// Creates a hash from its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
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
            .map_err(|_| HashError::WrongLength { found: bytes.len() })
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
                .ok_or(HashError::NotADigit { character })?;
            if let Some(byte) = bytes.get_mut(digits / 2) {
                *byte = *byte << 4 | value;
            }
            digits += 1;
        }
        if digits != 2 * Self::LENGTH {
            return Err(HashError::WrongDigitCount { found: digits });
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

/// The explanation of 64 digits.
fn sha256(digits: usize) -> &'static str {
    match digits {
        64 => ", which are a SHA-256 thumbprint",
        _ => "",
    }
}

/// The reason why a text or some bytes are not a certificate hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// A character is neither a hexadecimal digit nor a separator.
    #[error("{character:?} is not a hexadecimal digit; a certificate hash is 40 of them")]
    NotADigit {
        /// The character.
        character: char,
    },
    /// There are too few or too many digits.
    #[error("a certificate hash is 40 hexadecimal digits (SHA-1), not {found}{}", sha256(*found))]
    WrongDigitCount {
        /// The number of digits found.
        found: usize,
    },
    /// There are too few or too many bytes.
    #[error("a certificate hash is 20 bytes (SHA-1), not {found}")]
    WrongLength {
        /// The number of bytes found.
        found: usize,
    },
}

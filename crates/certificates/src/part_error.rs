//! Errors of single parts of a certificate file.

use std::borrow::Cow;

/// The reason why a part of a certificate file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartError {
    /// The part is not a well-formed certificate.
    #[error("a certificate cannot be read")]
    Certificate,
    /// The part is damaged or truncated.
    #[error("a part is damaged or truncated")]
    Damaged,
    /// The part is encrypted, and no password opens it.
    #[error("none of the passwords opens an encrypted part")]
    Password,
    /// The part uses an algorithm or structure that is not supported.
    #[error("{what} is not supported")]
    Unsupported {
        /// The algorithm or structure.
        what: Cow<'static, str>,
    },
    /// Deriving the key of an encrypted part takes too long.
    #[error("an encrypted part needs {iterations} iterations, and the file may need {limit}")]
    TooExpensive {
        /// The number of iterations for this part.
        iterations: u64,
        /// The maximum for all parts of a file.
        limit: u64,
    },
    /// Deriving the key of an encrypted part takes too much memory.
    #[error(
        "an encrypted part needs {bytes} bytes of memory (scrypt), and at most {limit} are used"
    )]
    TooMuchMemory {
        /// The memory in bytes.
        bytes: u64,
        /// The maximum in bytes.
        limit: u64,
    },
}

impl PartError {
    pub(crate) fn unsupported(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

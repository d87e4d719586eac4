//! Errors of certificate files.

use crate::part_error::PartError;

/// The reason why no certificate of a file could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file is not one of the supported formats.
    #[error("it contains no certificate in PEM, DER, PFX, PKCS #7 or serialized format")]
    Unknown,
    /// The file has a known format that is not supported.
    #[error("it is {format}, which is not supported{advice}")]
    Unsupported {
        /// The format.
        format: &'static str,
        /// The next step, after a semicolon, or nothing.
        advice: &'static str,
    },
    /// The file has no certificates.
    #[error("it is {format} without a certificate")]
    Empty {
        /// The format, as in "a PFX".
        format: &'static str,
    },
    /// The file is encrypted, and no password opens it.
    #[error("it is {format} that none of the passwords opens")]
    Password {
        /// The format, as in "a PFX".
        format: &'static str,
    },
    /// The certificates of the file cannot be read.
    #[error("it is {format} that cannot be read: {source}")]
    Unreadable {
        /// The format, as in "a PFX".
        format: &'static str,
        /// The first error.
        source: PartError,
    },
}

//! Errors of reading snapshots.

use std::fmt::{self, Write as _};
use std::io;

use certbind_core::BoxError;

use crate::error::ReadError;
use crate::format::Format;
use crate::report::ParseError;

/// The reason why a snapshot cannot be read, or not further.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It has another format.
    #[error("expected a snapshot of bindings, found {found}")]
    Unrecognised {
        /// The start of the file.
        found: String,
    },
    /// Its version is not supported by this release.
    #[error(
        "the snapshot has version {found}, and this release reads versions up to {supported}; use \
         a newer certbind"
    )]
    NewerVersion {
        /// Its version.
        found: u32,
        /// The newest that is known.
        supported: u32,
    },
    /// It is truncated, damaged or altered.
    #[error("{place}: {what}")]
    Damaged {
        /// The place where it was detected.
        place: SnapshotPosition,
        /// The value that was found, and the expected one.
        what: String,
        /// The error of the part that cannot be read, if there is one.
        source: Option<BoxError>,
    },
    /// Reading the source failed.
    #[error("{place}: the rest of the snapshot cannot be read: {source}")]
    Io {
        /// How far it was read.
        place: SnapshotPosition,
        /// The error.
        source: io::Error,
    },
}

/// A place in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotPosition {
    /// The byte, counted from 0.
    pub byte: u64,
    /// The chunk of the error, counted from 0; none before the first and after the last.
    pub chunk: Option<u64>,
}

impl fmt::Display for SnapshotPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.byte)?;
        match self.chunk {
            Some(chunk) => write!(f, ", in chunk {chunk}"),
            None => Ok(()),
        }
    }
}

impl From<SnapshotError> for ReadError {
    fn from(error: SnapshotError) -> Self {
        let at = |place: SnapshotPosition, what: String, source: Option<BoxError>| {
            let error = ParseError::in_file(what).of(place.to_string());
            Self::Malformed(match source {
                Some(source) => error.caused_by(source),
                None => error,
            })
        };
        match error {
            SnapshotError::Unrecognised { found } => Self::Unrecognised {
                format: Format::Snapshot,
                found,
            },
            SnapshotError::NewerVersion { found, supported } => Self::NewerVersion {
                found: found.into(),
                supported: supported.into(),
            },
            SnapshotError::Damaged {
                place,
                what,
                source,
            } => at(place, what, source),
            SnapshotError::Io { place, source } => {
                at(place, source.to_string(), Some(source.into()))
            }
        }
    }
}

/// Bytes for people: two digits each.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

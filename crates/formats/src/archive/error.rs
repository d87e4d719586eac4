//! Errors of opening archives.

/// The reason why a compressed file or an archive was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A format that is not read.
    #[error("this is {format}, which is not supported; unpack it, and name the files")]
    Unsupported {
        /// Its name, with its article.
        format: &'static str,
    },
    /// A compressed file in a compressed file, or an archive in one.
    #[error("this file contains {format}, which is not supported; unpack it, and name the files")]
    Nested {
        /// The name of the format, with its article.
        format: &'static str,
    },
    /// It is damaged, truncated, or violates its format.
    #[error("the file is damaged or truncated: {0}")]
    Damaged(String),
    /// An entry that is not read.
    #[error("{name}: {what}")]
    Entry {
        /// The name of the entry.
        name: String,
        /// The reason why it is not read.
        what: String,
    },
    /// Bytes that belong to nothing.
    #[error(
        "{count} bytes at {at:#x} belong to no entry, as in archives that were joined; unpack it, \
         and name the files"
    )]
    LeftOver {
        /// Where they begin.
        at: u64,
        /// How many they are.
        count: u64,
    },
    /// More bytes than the limits allow.
    #[error(
        "unpacked it has more than {limit} bytes, which is the limit for a file of its size; unpack \
         it, and name the files"
    )]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// More entries than the limits allow.
    #[error("the archive has more than {limit} entries, which is the limit; name the files")]
    TooManyEntries {
        /// The limit.
        limit: usize,
    },
}

impl ArchiveError {
    pub(super) fn entry(name: &str, what: impl Into<String>) -> Self {
        Self::Entry {
            name: name.to_owned(),
            what: what.into(),
        }
    }
}

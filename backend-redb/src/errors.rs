//! What redb and the codec answer, as the store's error.

use std::path::Path;

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};
use store_core::StoreError;
use store_core::codec::CodecError;

/// Why something in a file went wrong, before it is told to whom.
#[derive(Debug)]
pub(crate) enum Cause {
    Redb(redb::Error),
    /// A key or value that the codec refuses.
    Codec {
        record: String,
        error: CodecError,
    },
    /// An entry of the meta table.
    Meta {
        name: &'static str,
        problem: &'static str,
    },
}

impl Cause {
    /// The error of a store at `path`.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        let corrupt = |detail: String| StoreError::Corrupt {
            what: path.display().to_string(),
            detail,
        };
        match self {
            Self::Redb(redb::Error::Io(error)) => StoreError::io("use", path, error),
            Self::Redb(redb::Error::PreviousIo) => StoreError::Unavailable {
                reason: "an earlier read or write failed".into(),
            },
            Self::Redb(redb::Error::LockPoisoned(_) | redb::Error::TransactionPoisoned) => {
                StoreError::Unavailable {
                    reason: "an earlier operation panicked".into(),
                }
            }
            Self::Redb(redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch) => {
                StoreError::InUse {
                    path: path.to_owned(),
                    holder: crate::holder::of(path),
                }
            }
            Self::Redb(redb::Error::UpgradeRequired(version)) => {
                corrupt(format!("it is a redb file of the old format {version}"))
            }
            Self::Redb(redb::Error::TableDoesNotExist(table)) => corrupt(format!(
                "a redb file without the table {table:?}: not of certbind"
            )),
            Self::Redb(error) => corrupt(error.to_string()),
            Self::Codec {
                record,
                error: CodecError::NewerFormat { found },
            } => StoreError::Corrupt {
                what: record,
                detail: CodecError::NewerFormat { found }.to_string(),
            },
            Self::Codec { record, error } => StoreError::Corrupt {
                what: format!("{record} of {}", path.display()),
                detail: error.to_string(),
            },
            Self::Meta { name, problem } => corrupt(format!("its entry {name:?} is {problem}")),
        }
    }
}

macro_rules! from_redb {
    ($($type:ty),*) => {$(
        impl From<$type> for Cause {
            fn from(error: $type) -> Self {
                Self::Redb(error.into())
            }
        }
    )*};
}

from_redb!(
    StorageError,
    TableError,
    TransactionError,
    CommitError,
    DatabaseError
);

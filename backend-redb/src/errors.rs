//! What redb and the codec answer, as the store's error.

use std::any::Any;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use certbind_core::StoreError;
use certbind_core::codec::{CodecError, decode_key};
use redb::{
    CommitError, CursorError, DatabaseError, SetDurabilityError, StorageError, TableError,
    TransactionError,
};

use crate::sidecar::wal_path;

/// The next step for a user without access to a store's file.
pub(crate) const ACCESS_ADVICE: &str = "use an account that may read and write the file";

/// Why something in a file went wrong, before it is told to whom.
#[derive(Debug)]
pub(crate) enum Cause {
    Redb(redb::Error),
    /// redb panicked, which it does on some damaged pages.
    Panic(String),
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
    /// The log is not what it has to be.
    Wal(&'static str),
    /// The same, and the store does not open without it.
    WalRequired(&'static str),
    /// The log cannot be read or written.
    WalIo(io::Error),
    /// A commit failed, and nothing works any more.
    Failed(String),
}

/// Calls redb, and takes a panic for the damage that it stands for.
///
/// A last resort: files are verified before redb trusts them, so what is left is damage that is
/// done to a file while it is open.
pub(crate) fn catch_panic<T>(call: impl FnOnce() -> Result<T, Cause>) -> Result<T, Cause> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|payload| Err(Cause::Panic(message(&*payload))))
}

impl Cause {
    /// A run that cannot be read, by its key.
    pub(crate) fn block(key: &[u8], error: CodecError) -> Self {
        let record = match decode_key(key) {
            Ok(key) => format!("the records from {key} on"),
            Err(_) => format!("the records from the key {} on", hex(key)),
        };
        Self::Codec { record, error }
    }

    /// The error of a store at `path`.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        let corrupt = |detail: String| StoreError::corrupt(path.display().to_string(), detail);
        let unavailable = |reason: String| StoreError::unavailable(reason);
        match self {
            Self::Redb(redb::Error::Io(error)) => match error.kind() {
                ErrorKind::UnexpectedEof => corrupt("it is cut short".to_owned()),
                ErrorKind::InvalidData => corrupt("it is no redb file".to_owned()),
                _ => StoreError::io("read or write", path, error),
            },
            Self::Redb(redb::Error::PreviousIo) => {
                unavailable("an earlier read or write failed".to_owned())
            }
            Self::Redb(redb::Error::LockPoisoned(_) | redb::Error::TransactionPoisoned) => {
                unavailable("an earlier call panicked".to_owned())
            }
            Self::Redb(redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch) => {
                StoreError::InUse {
                    path: path.to_owned(),
                    owner: crate::lock_owner::describe(path),
                }
            }
            Self::Redb(redb::Error::UpgradeRequired(version)) => corrupt(format!(
                "it is a redb file of the old version {version}, which no store was made with"
            )),
            Self::Redb(redb::Error::TableDoesNotExist(table)) => corrupt(format!(
                "it is a redb file without the table {table:?}, so of another program"
            )),
            Self::Redb(error @ redb::Error::TableTypeMismatch { .. }) => corrupt(format!(
                "it is a redb file with other tables, so of another program ({error})"
            )),
            Self::Redb(redb::Error::Corrupted(detail)) => corrupt(detail),
            Self::Redb(error) => StoreError::corrupt(path.display().to_string(), error),
            Self::Panic(message) => {
                corrupt(format!("redb cannot make sense of a page ({message})"))
            }
            Self::Codec { record, error } => {
                StoreError::corrupt(format!("{record} in {}", path.display()), error)
            }
            Self::Meta { name, problem } => {
                corrupt(format!("its {name} in the table \"meta\" is {problem}"))
            }
            Self::Wal(problem) => {
                StoreError::corrupt(wal_path(path).display().to_string(), problem)
            }
            Self::WalRequired(problem) => StoreError::corrupt(
                wal_path(path).display().to_string(),
                format!(
                    "{problem}; put the store's own back, or give up what it held: certbind check \
                     --discard-wal"
                ),
            ),
            Self::WalIo(error) => StoreError::io("read or write", &wal_path(path), error),
            Self::Failed(reason) => unavailable(reason),
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
    CursorError,
    DatabaseError,
    SetDurabilityError
);

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::Redb(redb::Error::Io(error))
    }
}

/// The start of a key that may be anything.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let bytes = bytes.iter().take(40);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic".to_owned())
}

/// The same error for another caller.
pub(crate) fn duplicate(error: &StoreError) -> StoreError {
    match error {
        StoreError::Io {
            action,
            path,
            source,
        } => StoreError::Io {
            action: action.clone(),
            path: path.clone(),
            source: match source.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(source.kind(), source.to_string()),
            },
        },
        StoreError::Corrupt { what, source } => {
            StoreError::corrupt(what.clone(), source.to_string())
        }
        StoreError::Unavailable { source } => StoreError::unavailable(source.to_string()),
        other => StoreError::unavailable(other.to_string()),
    }
}

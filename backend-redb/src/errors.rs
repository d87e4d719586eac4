//! Converts errors of redb and of the codec into the store's error.

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

use crate::shared_error::Stopped;
use crate::sidecar::wal_path;

/// The next step for a user without access to a store's file.
pub(crate) const ACCESS_ADVICE: &str = "use an account that may read and write the file";

/// The cause of a failure, before the path is known.
#[derive(Debug)]
pub(crate) enum Cause {
    Redb(redb::Error),
    /// redb panicked, as it does on some damaged pages.
    Panic(String),
    /// A key or value that cannot be decoded.
    Codec {
        record: String,
        error: CodecError,
    },
    /// redb's header is not where this crate expects it.
    HeaderLayout,
    /// An entry of the meta table.
    Meta {
        name: &'static str,
        problem: &'static str,
    },
    /// The WAL is missing or damaged.
    Wal(&'static str),
    /// The same, and the store does not open without the WAL.
    WalRequired(&'static str),
    /// The WAL cannot be read or written.
    WalIo(io::Error),
    /// A commit failed, and the store has stopped.
    Failed(Stopped),
}

/// A page with an invalid checksum. It reaches redb, and is returned by it, as the source of an I/O
/// error.
#[derive(Debug, thiserror::Error)]
#[error("the page at byte {offset} is damaged: its checksum is wrong")]
pub(crate) struct PageDamage {
    pub(crate) offset: u64,
}

/// An error of redb with a message for users of a store.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Explained {
    message: String,
    source: redb::Error,
}

impl Explained {
    fn new(message: &str, source: redb::Error) -> Self {
        Self {
            message: message.to_owned(),
            source,
        }
    }
}

/// Calls redb, and returns a panic as [`Cause::Panic`].
///
/// A last resort: files are verified before redb reads them, so only damage that is done to an open
/// file panics.
pub(crate) fn catch_panic<T>(call: impl FnOnce() -> Result<T, Cause>) -> Result<T, Cause> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|payload| Err(Cause::Panic(message(&*payload))))
}

impl Cause {
    /// A block that cannot be read, by its key.
    pub(crate) fn block(key: &[u8], error: CodecError) -> Self {
        let record = match decode_key(key) {
            Ok(key) => format!("the records from {key} on"),
            Err(_) => format!("the records from the key {} on", hex(key)),
        };
        Self::Codec { record, error }
    }

    /// The error of the store at `path`.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        let corrupt = |detail: String| StoreError::corrupt(path.display().to_string(), detail);
        let explained = |message: &str, error: redb::Error| {
            StoreError::corrupt(path.display().to_string(), Explained::new(message, error))
        };
        match self {
            Self::Redb(redb::Error::Io(error)) if is_page_damage(&error) => {
                StoreError::corrupt(path.display().to_string(), error)
            }
            Self::Redb(redb::Error::Io(error)) => match error.kind() {
                ErrorKind::UnexpectedEof => explained("the file is truncated", error.into()),
                ErrorKind::InvalidData => explained("missing redb header", error.into()),
                _ => StoreError::io("read or write", path, error),
            },
            Self::Redb(error @ redb::Error::PreviousIo) => {
                StoreError::unavailable(Explained::new("an earlier read or write failed", error))
            }
            Self::Redb(
                error @ (redb::Error::LockPoisoned(_) | redb::Error::TransactionPoisoned),
            ) => StoreError::unavailable(Explained::new("an earlier call panicked", error)),
            Self::Redb(redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch) => {
                StoreError::InUse {
                    path: path.to_owned(),
                    owner: crate::lock_owner::describe(path),
                }
            }
            Self::Redb(error @ redb::Error::UpgradeRequired(version)) => {
                let message =
                    format!("it has redb's file format {version}, which is older than any store");
                explained(&message, error)
            }
            Self::Redb(redb::Error::TableDoesNotExist(table)) => {
                let message =
                    format!("it is a redb file of another program: it has no table {table:?}");
                explained(&message, redb::Error::TableDoesNotExist(table))
            }
            Self::Redb(error @ redb::Error::TableTypeMismatch { .. }) => {
                let message = format!("it is a redb file of another program: {error}");
                explained(&message, error)
            }
            Self::Redb(redb::Error::Corrupted(detail)) => {
                explained(&detail.clone(), redb::Error::Corrupted(detail))
            }
            Self::Redb(error) => StoreError::corrupt(path.display().to_string(), error),
            Self::Panic(message) => corrupt(format!("redb cannot read a page: {message}")),
            Self::Codec { record, error } => {
                StoreError::corrupt(format!("{record} in {}", path.display()), error)
            }
            Self::HeaderLayout => StoreError::Unsupported {
                what: format!(
                    "the header of {}, which differs from the one that redb 4.6 writes,",
                    path.display()
                )
                .into(),
            },
            Self::Meta { name, problem } => {
                corrupt(format!("its {name} in the table \"meta\" is {problem}"))
            }
            Self::Wal(problem) => {
                StoreError::corrupt(wal_path(path).display().to_string(), problem)
            }
            Self::WalRequired(problem) => StoreError::corrupt(
                wal_path(path).display().to_string(),
                format!(
                    "{problem}; restore the WAL, or revert to the last checkpoint: certbind check \
                     --discard-wal"
                ),
            ),
            Self::WalIo(error) => StoreError::io("read or write", &wal_path(path), error),
            Self::Failed(stopped) => StoreError::unavailable(stopped),
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

fn is_page_damage(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<PageDamage>)
}

/// The first bytes of a key, in hexadecimal.
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

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn redb_errors_are_sources() {
        let io = |kind| redb::Error::Io(io::Error::new(kind, "the cause"));
        for (error, message) in [
            (io(ErrorKind::UnexpectedEof), "the file is truncated"),
            (io(ErrorKind::InvalidData), "missing redb header"),
            (redb::Error::PreviousIo, "an earlier read or write failed"),
            (redb::Error::TransactionPoisoned, "an earlier call panicked"),
            (redb::Error::UpgradeRequired(1), "redb's file format 1"),
            (
                redb::Error::TableDoesNotExist("runs".into()),
                "it has no table \"runs\"",
            ),
            (redb::Error::Corrupted("page 7".into()), "page 7"),
        ] {
            let cause = error.to_string();
            let error = Cause::Redb(error).at(Path::new("bindings.redb"));
            assert!(error.to_string().contains(message), "{error}");
            let explained = error.source().expect("a source");
            let source = explained.source().and_then(|it| it.downcast_ref());
            let source: &redb::Error = source.expect("redb's error");
            assert_eq!(source.to_string(), cause);
        }
    }
}

//! The bytes and locks of a store, shared by several redb backends.

use std::collections::HashSet;
use std::fmt;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

type Range = (Bound<u64>, Bound<u64>);

/// The storage of one store. Locks are kept from the first request until the storage is closed, so
/// that no other process can lock the file between its inspection and its opening.
pub(crate) struct Storage {
    pub(crate) file: Box<dyn StorageBackend>,
    /// The WAL, of length 0 while there is none. Some storages have no place for one.
    pub(crate) wal: Option<Box<dyn StorageBackend>>,
    mode: LockMode,
    held_locks: Mutex<HashSet<Range>>,
    closed: AtomicBool,
}

/// How redb's lock on the file is taken.
#[derive(Clone, Copy)]
pub(crate) enum LockMode {
    /// For this store alone.
    Exclusive,
    /// Together with other readers.
    Shared,
}

impl Storage {
    /// Storage that one store opens, for writing.
    pub(crate) fn exclusive(file: impl StorageBackend) -> Self {
        Self::new(file, LockMode::Exclusive)
    }

    pub(crate) fn new(file: impl StorageBackend, mode: LockMode) -> Self {
        Self {
            file: Box::new(file),
            wal: None,
            mode,
            held_locks: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// Adds a place for a WAL.
    pub(crate) fn with_wal(mut self, wal: impl StorageBackend) -> Self {
        self.wal = Some(Box::new(wal));
        self
    }

    pub(crate) fn try_lock(&self, range: Range) -> Result<bool, BackendError> {
        let mut held_locks = self.held_locks();
        if held_locks.contains(&range) {
            return Ok(true);
        }
        let taken = match self.mode {
            LockMode::Shared => self.file.try_lock_shared_range(range.0, range.1)?,
            LockMode::Exclusive => self.file.try_lock_range(range.0, range.1)?,
        };
        if taken {
            held_locks.insert(range);
        }
        Ok(taken)
    }

    /// Releases a lock. redb calls this when an opening fails; [`close`](Self::close) releases all
    /// locks.
    pub(crate) fn unlock(&self, range: Range) -> Result<(), BackendError> {
        self.file.unlock_range(range.0, range.1)?;
        self.held_locks().remove(&range);
        Ok(())
    }

    pub(crate) fn close(&self) -> std::io::Result<()> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.file.close()
    }

    fn held_locks(&self) -> MutexGuard<'_, HashSet<Range>> {
        self.held_locks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        // The operating system releases the remaining locks.
        let _ = self.close();
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}

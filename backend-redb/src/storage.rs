//! What a file's bytes are on, and its locks. Several backends of redb share one.

use std::collections::HashSet;
use std::fmt;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

type Range = (Bound<u64>, Bound<u64>);

/// The storage of one store. Locks stay from the moment they are taken until the storage is closed,
/// so that nobody slips in between looking at a file and working with it.
pub(crate) struct Storage {
    pub(crate) file: Box<dyn StorageBackend>,
    /// Where its log is while it has one, which has no length otherwise. Some have no place for one.
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
    /// Storage that this store alone opens, for writing.
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

    /// With a place for a log.
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

    /// Gives up a lock. redb does this where an opening fails; at closing, [`close`](Self::close)
    /// gives up all.
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
        // The operating system releases what could not be.
        let _ = self.close();
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}

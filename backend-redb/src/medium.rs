//! What a file's bytes are on, and its locks. Several backends of redb share one.

use std::collections::HashSet;
use std::fmt;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

type Range = (Bound<u64>, Bound<u64>);

/// The storage of one store. Locks stay from the moment they are taken until the medium is closed,
/// so that nobody slips in between looking at a file and working with it.
pub(crate) struct Medium {
    pub(crate) storage: Box<dyn StorageBackend>,
    /// Where its log is while it has one, which has no length otherwise. Some have no place for one.
    pub(crate) log: Option<Box<dyn StorageBackend>>,
    /// Whether this store lets others read beside it: it takes redb's locks as shared ones.
    shared: bool,
    held: Mutex<HashSet<Range>>,
    closed: AtomicBool,
}

impl Medium {
    pub(crate) fn new(storage: impl StorageBackend, shared: bool) -> Self {
        Self {
            storage: Box::new(storage),
            log: None,
            shared,
            held: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// With a place for a log.
    pub(crate) fn with_log(mut self, log: impl StorageBackend) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    pub(crate) fn try_lock(&self, range: Range) -> Result<bool, BackendError> {
        let mut held = self.held();
        if held.contains(&range) {
            return Ok(true);
        }
        let taken = if self.shared {
            self.storage.try_lock_shared_range(range.0, range.1)?
        } else {
            self.storage.try_lock_range(range.0, range.1)?
        };
        if taken {
            held.insert(range);
        }
        Ok(taken)
    }

    /// Gives up a lock. redb does this where an opening fails; at closing, [`close`](Self::close)
    /// gives up all.
    pub(crate) fn unlock(&self, range: Range) -> Result<(), BackendError> {
        self.storage.unlock_range(range.0, range.1)?;
        self.held().remove(&range);
        Ok(())
    }

    pub(crate) fn close(&self) -> std::io::Result<()> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.storage.close()
    }

    fn held(&self) -> MutexGuard<'_, HashSet<Range>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Medium {
    fn drop(&mut self) {
        // The operating system releases what could not be.
        let _ = self.close();
    }
}

impl fmt::Debug for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.storage.fmt(f)
    }
}

//! Events of the `tracing` feature. Without the feature these functions do nothing.

#![cfg_attr(
    not(feature = "tracing"),
    allow(unused_variables, reason = "the arguments are fields of events")
)]

use std::path::Path;
#[cfg(feature = "tracing")]
use std::time::Duration;

use certbind_core::StoreError;

/// A commit that takes longer than this is an event.
#[cfg(feature = "tracing")]
pub(crate) const SLOW_COMMIT: Duration = Duration::from_millis(100);

/// Emits an event of this crate.
macro_rules! event {
    ($level:ident, $($field:tt)*) => {
        #[cfg(feature = "tracing")]
        tracing::$level!(target: "certbind_redb", $($field)*);
    };
}

/// Measures the duration of an operation, if anything is to be logged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    #[cfg(feature = "tracing")]
    start: std::time::Instant,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            start: std::time::Instant::now(),
        }
    }

    #[cfg(feature = "tracing")]
    fn elapsed(self) -> Duration {
        self.start.elapsed()
    }
}

/// A store was opened.
pub(crate) fn opened(path: &Path, revision: u64, writable: bool, time: Stopwatch) {
    event!(info, path = %path.display(), revision, writable, elapsed = ?time.elapsed(), "store opened");
}

/// A file that was not closed is repaired.
pub(crate) fn repairing(path: &Path) {
    event!(warn, path = %path.display(), "store was not closed; repairing the file");
}

/// A WAL is replayed.
pub(crate) fn replaying(path: &Path, from: u64, to: u64) {
    event!(warn, path = %path.display(), from, to, "replaying the write-ahead log");
}

/// A WAL is discarded, as the caller asked.
pub(crate) fn discarding_wal(path: &Path, revision: u64, problem: &str) {
    event!(warn, path = %path.display(), revision, problem, "discarding the write-ahead log");
}

/// A WAL was created.
pub(crate) fn wal_created(path: &Path, size: u64) {
    event!(debug, path = %path.display(), size, "write-ahead log created");
}

/// The memtable was written to the file.
pub(crate) fn checkpointed(path: &Path, revision: u64, time: Stopwatch) {
    event!(debug, path = %path.display(), revision, elapsed = ?time.elapsed(), "checkpoint");
}

/// Batches were committed.
pub(crate) fn committed(path: &Path, revision: u64, batches: usize, time: Stopwatch) {
    #[cfg(feature = "tracing")]
    if time.elapsed() >= SLOW_COMMIT {
        event!(warn, path = %path.display(), revision, batches, elapsed = ?time.elapsed(), "slow commit");
    }
}

/// The store stopped after an error.
pub(crate) fn stopped(path: &Path, reason: &str) {
    event!(error, path = %path.display(), reason, "store stopped; open it again to continue");
}

/// A store was closed.
pub(crate) fn closed(path: &Path) {
    event!(info, path = %path.display(), "store closed");
}

/// Dropping a store failed to close it.
pub(crate) fn close_failed(path: &Path, error: &StoreError) {
    event!(error, path = %path.display(), %error, "closing the store failed; the next opening recovers it");
}

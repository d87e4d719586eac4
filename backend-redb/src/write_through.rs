//! Writes through to a file so that a failed commit can be rolled back.

use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use crate::errors::Cause;
use crate::redb_header::{self, HEADER_LEN};
use crate::storage::Storage;

/// A backend that writes through, and remembers the header that was synced last.
///
/// redb makes a commit visible by one write of the header. If the sync after it fails, that write
/// may or may not have reached the disk; [`roll_back`](Self::roll_back) makes sure that it has not.
#[derive(Debug)]
pub(crate) struct WriteThrough {
    storage: Arc<Storage>,
    header: Mutex<Header>,
    /// Set once a commit has failed: nothing more is written.
    sealed: AtomicBool,
    /// Set once a read has failed: redb answers no further read of the file.
    read_failed: AtomicBool,
}

#[derive(Debug)]
struct Header {
    synced: [u8; HEADER_LEN],
    written: Option<[u8; HEADER_LEN]>,
    syncs: u64,
}

/// A point in time before a commit, to be compared after an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommitPoint(u64);

/// The outcome of a commit that returned an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitOutcome {
    /// It is durable: the error came after its sync.
    Durable,
    /// It has left no trace.
    RolledBack,
    /// The disk failed to restore the previous state, so the outcome is open.
    Unknown,
}

impl CommitOutcome {
    /// The outcome of a commit to either of two places.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Durable, _) | (_, Self::Durable) => Self::Durable,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::RolledBack, Self::RolledBack) => Self::RolledBack,
        }
    }
}

impl WriteThrough {
    /// # Errors
    /// [`Cause::HeaderLayout`] if the storage is not empty and has no header of redb 4.6.
    pub(crate) fn new(storage: Arc<Storage>) -> Result<Self, Cause> {
        let mut synced = [0; HEADER_LEN];
        if storage.file.len()? >= HEADER_LEN as u64 {
            storage.file.read(0, &mut synced)?;
            redb_header::check(&synced)?;
        }
        Ok(Self {
            storage,
            header: Mutex::new(Header {
                synced,
                written: None,
                syncs: 0,
            }),
            sealed: AtomicBool::new(false),
            read_failed: AtomicBool::new(false),
        })
    }

    /// Checks that redb has written its header where rolling back restores it: opening for writing
    /// marks the file as open.
    pub(crate) fn check_header_write(&self) -> Result<(), Cause> {
        match self.header().syncs > 0 {
            true => Ok(()),
            false => Err(Cause::HeaderLayout),
        }
    }

    /// Whether the last writer did not close the file.
    pub(crate) fn needs_recovery(&self) -> bool {
        redb_header::needs_recovery(&self.header().synced)
    }

    /// The point before a commit.
    pub(crate) fn commit_point(&self) -> CommitPoint {
        CommitPoint(self.header().syncs)
    }

    /// Rolls a failed commit back, and stops all writing.
    pub(crate) fn roll_back(&self, commit_point: CommitPoint) -> CommitOutcome {
        self.sealed.store(true, Ordering::Release);
        let mut header = self.header();
        if header.syncs != commit_point.0 {
            return CommitOutcome::Durable;
        }
        if header.written.is_none() {
            return CommitOutcome::RolledBack;
        }
        // The pages of the last commit are intact: redb overwrites none before another commit is
        // durable.
        let storage = &self.storage.file;
        match storage
            .write(0, &header.synced)
            .and_then(|()| storage.sync_data())
        {
            Ok(()) => {
                header.written = None;
                CommitOutcome::RolledBack
            }
            Err(_) => CommitOutcome::Unknown,
        }
    }

    pub(crate) fn read_failed(&self) -> bool {
        self.read_failed.load(Ordering::Acquire)
    }

    pub(crate) fn storage(&self) -> &Arc<Storage> {
        &self.storage
    }

    fn header(&self) -> MutexGuard<'_, Header> {
        self.header.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_open(&self) -> io::Result<()> {
        if self.sealed.load(Ordering::Acquire) {
            return Err(io::Error::other(
                "writing has stopped after a failed commit",
            ));
        }
        Ok(())
    }
}

/// redb owns its backend, and the store keeps it as well.
#[derive(Debug)]
pub(crate) struct BackendHandle(pub(crate) Arc<WriteThrough>);

impl StorageBackend for BackendHandle {
    fn len(&self) -> io::Result<u64> {
        self.0.storage.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let read = self.0.storage.file.read(offset, out);
        if read.is_err() {
            self.0.read_failed.store(true, Ordering::Release);
        }
        read
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.check_open()?;
        self.0.storage.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.check_open()?;
        self.0.storage.file.sync_data()?;
        let mut header = self.0.header();
        if let Some(written) = header.written.take() {
            header.synced = written;
            header.syncs += 1;
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.check_open()?;
        if let Ok(start) = usize::try_from(offset)
            && start < HEADER_LEN
        {
            // Recorded first: a failed write may have happened in part.
            let mut header = self.0.header();
            let mut bytes = header.written.unwrap_or(header.synced);
            let length = data.len().min(HEADER_LEN - start);
            bytes[start..start + length].copy_from_slice(&data[..length]);
            header.written = Some(bytes);
        }
        self.0.storage.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.storage.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.storage.try_lock((start, end))
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.storage.unlock((start, end))
    }
}

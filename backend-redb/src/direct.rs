//! Writing to a file so that a commit that failed can be taken back.

use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use crate::medium::Medium;

/// The bytes at the start of a file that say which commit is in force (redb's super-header).
const HEADER: usize = 320;

/// A backend that writes through, and remembers the header that was synced last.
///
/// redb makes a commit visible by one write of the header. When the sync behind it fails, that
/// write may or may not have reached the disk; [`settle`](Self::settle) makes sure that it has not.
#[derive(Debug)]
pub(crate) struct Direct {
    medium: Arc<Medium>,
    header: Mutex<Header>,
    /// Set once a commit has failed: nothing more may be written.
    sealed: AtomicBool,
    /// Set once a read has failed, behind which redb answers nothing that it would have to read.
    unread: AtomicBool,
}

#[derive(Debug)]
struct Header {
    synced: [u8; HEADER],
    written: Option<[u8; HEADER]>,
    syncs: u64,
}

/// A point in time, to be compared with how things stand after an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

/// What came of a commit that ended in an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is durable: the error came behind its sync.
    Committed,
    /// It has left no trace.
    TakenBack,
    /// The disk took back neither the commit nor its header.
    Unknown,
}

impl Settled {
    /// Of a commit that goes to two places, where it is in force once it is in one.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Committed, _) | (_, Self::Committed) => Self::Committed,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::TakenBack, Self::TakenBack) => Self::TakenBack,
        }
    }
}

impl Direct {
    pub(crate) fn new(medium: Arc<Medium>) -> io::Result<Self> {
        let mut synced = [0; HEADER];
        if medium.storage.len()? >= HEADER as u64 {
            medium.storage.read(0, &mut synced)?;
        }
        Ok(Self {
            medium,
            header: Mutex::new(Header {
                synced,
                written: None,
                syncs: 0,
            }),
            sealed: AtomicBool::new(false),
            unread: AtomicBool::new(false),
        })
    }

    /// Where a commit starts.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.header().syncs)
    }

    /// Ends a commit that failed, and all writing with it.
    pub(crate) fn settle(&self, mark: Mark) -> Settled {
        self.sealed.store(true, Ordering::Release);
        let mut header = self.header();
        if header.syncs != mark.0 {
            return Settled::Committed;
        }
        if header.written.is_none() {
            return Settled::TakenBack;
        }
        // The pages of the last commit are as they were: redb overwrites none of them before
        // another commit is durable.
        let storage = &self.medium.storage;
        match storage
            .write(0, &header.synced)
            .and_then(|()| storage.sync_data())
        {
            Ok(()) => {
                header.written = None;
                Settled::TakenBack
            }
            Err(_) => Settled::Unknown,
        }
    }

    pub(crate) fn has_failed_to_read(&self) -> bool {
        self.unread.load(Ordering::Acquire)
    }

    pub(crate) fn medium(&self) -> &Arc<Medium> {
        &self.medium
    }

    fn header(&self) -> MutexGuard<'_, Header> {
        self.header.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_open(&self) -> io::Result<()> {
        if self.sealed.load(Ordering::Acquire) {
            return Err(io::Error::other(
                "nothing is written after a commit has failed",
            ));
        }
        Ok(())
    }
}

/// What redb gets: it wants to own its backend, and the store has to keep it as well.
#[derive(Debug)]
pub(crate) struct Handle(pub(crate) Arc<Direct>);

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        self.0.medium.storage.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let read = self.0.medium.storage.read(offset, out);
        if read.is_err() {
            self.0.unread.store(true, Ordering::Release);
        }
        read
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.check_open()?;
        self.0.medium.storage.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.check_open()?;
        self.0.medium.storage.sync_data()?;
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
            && start < HEADER
        {
            // Noted first: a write that fails may have happened in part.
            let mut header = self.0.header();
            let mut bytes = header.written.unwrap_or(header.synced);
            let length = data.len().min(HEADER - start);
            bytes[start..start + length].copy_from_slice(&data[..length]);
            header.written = Some(bytes);
        }
        self.0.medium.storage.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.medium.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.medium.try_lock((start, end))
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.medium.unlock((start, end))
    }
}

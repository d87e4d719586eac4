//! An overlay over a file that never writes to it.

use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use crate::page_verifier::PageVerifier;
use crate::storage::Storage;

/// A backend that keeps redb's writes in memory. redb can verify and repair a file through it while
/// the file stays unchanged.
#[derive(Debug)]
pub(crate) struct Overlay {
    storage: Arc<Storage>,
    /// Verifies the pages that are read from the file.
    verifier: Option<Arc<PageVerifier>>,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    /// The length of the file.
    base_len: u64,
    /// The length of the file for redb.
    len: u64,
    /// In order. redb writes a handful of pages while it opens a file, and none later.
    changes: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write(u64, Vec<u8>),
    SetLen(u64),
}

impl Change {
    /// Whether it writes the byte at an offset.
    fn covers(&self, offset: u64) -> bool {
        match self {
            Self::Write(at, data) => (*at..at + data.len() as u64).contains(&offset),
            Self::SetLen(len) => offset >= *len,
        }
    }
}

impl Overlay {
    pub(crate) fn new(storage: Arc<Storage>) -> io::Result<Self> {
        let len = storage.file.len()?;
        Ok(Self {
            storage,
            verifier: None,
            written: Mutex::new(Written {
                base_len: len,
                len,
                changes: Vec::new(),
            }),
        })
    }

    /// Verifies the pages that are read from the file.
    pub(crate) fn verifying(mut self, verifier: Arc<PageVerifier>) -> Self {
        self.verifier = Some(verifier);
        self
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.written();
        if offset
            .checked_add(out.len() as u64)
            .is_none_or(|end| end > written.len)
        {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let (there, beyond) = out.split_at_mut(clamp(written.base_len, offset, out.len()));
        if !there.is_empty() {
            self.storage.file.read(offset, there)?;
            // A page that redb has written here since is in memory.
            if let Some(verifier) = &self.verifier
                && !written.changes.iter().any(|change| change.covers(offset))
            {
                verifier.verify(&*self.storage.file, offset, there)?;
            }
        }
        beyond.fill(0);
        for change in &written.changes {
            match change {
                Change::Write(at, data) => copy_overlap(*at, data, offset, out),
                Change::SetLen(len) => {
                    let kept = clamp(*len, offset, out.len());
                    out[kept..].fill(0);
                }
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.written();
        written.len = len;
        written.changes.push(Change::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.written();
        let end = offset
            .checked_add(data.len() as u64)
            .ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
        written.len = written.len.max(end);
        written.changes.push(Change::Write(offset, data.to_vec()));
        Ok(())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        let taken = self.storage.try_lock((start, end))?;
        let mut written = self.written();
        if taken && written.changes.is_empty() {
            // Another process may have changed the length before the lock was taken.
            written.base_len = self.storage.file.len()?;
            written.len = written.base_len;
        }
        Ok(taken)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.storage.unlock((start, end))
    }
}

/// How many of `most` bytes from `offset` on lie before `end`.
fn clamp(end: u64, offset: u64, most: usize) -> usize {
    usize::try_from(end.saturating_sub(offset)).map_or(most, |there| there.min(most))
}

/// Copies the part of `data`, which starts at `at`, that overlaps `out`, which starts at `offset`.
fn copy_overlap(at: u64, data: &[u8], offset: u64, out: &mut [u8]) {
    let from = clamp(at, offset, out.len());
    let to = clamp(at.saturating_add(data.len() as u64), offset, out.len());
    if from < to {
        let skipped = clamp(offset, at, data.len());
        out[from..to].copy_from_slice(&data[skipped..skipped + (to - from)]);
    }
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    /// A file that grows when it is locked.
    #[derive(Debug)]
    struct Busy(InMemoryBackend);

    impl StorageBackend for Busy {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.0.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            Ok(())
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.0.write(offset, data)
        }

        fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
            self.0.set_len(20)?;
            Ok(true)
        }
    }

    #[test]
    fn length_is_read_under_lock() {
        let storage = Arc::new(Storage::exclusive(Busy(InMemoryBackend::new())));
        let overlay = Overlay::new(storage).unwrap();
        assert!(
            overlay
                .try_lock_range(Bound::Unbounded, Bound::Unbounded)
                .unwrap()
        );
        assert_eq!(overlay.len().unwrap(), 20);
        overlay.read(0, &mut [0; 20]).unwrap();
        // Writes since then are kept.
        overlay.set_len(30).unwrap();
        assert!(
            overlay
                .try_lock_range(Bound::Included(1), Bound::Included(1))
                .unwrap()
        );
        assert_eq!(overlay.len().unwrap(), 30);
    }

    #[test]
    fn overlay_reads_its_writes_without_changing_the_file() {
        let base_len = InMemoryBackend::new();
        base_len.set_len(10).unwrap();
        base_len.write(0, b"abcdefghij").unwrap();
        let storage = Arc::new(Storage::exclusive(base_len));
        let overlay = Overlay::new(Arc::clone(&storage)).unwrap();

        overlay.write(3, b"XYZ").unwrap();
        overlay.set_len(5).unwrap();
        overlay.set_len(12).unwrap();
        overlay.write(9, b"!").unwrap();
        for (start, end) in [(0, 12), (1, 4), (4, 6), (2, 10), (9, 10), (12, 12)] {
            let mut out = vec![7; end - start];
            overlay.read(start as u64, &mut out).unwrap();
            assert_eq!(out, b"abcXY\0\0\0\0!\0\0"[start..end]);
        }
        assert!(overlay.read(10, &mut [0; 3]).is_err());

        let mut out = [0; 10];
        storage.file.read(0, &mut out).unwrap();
        assert_eq!((&out, storage.file.len().unwrap()), (b"abcdefghij", 10));
    }
}

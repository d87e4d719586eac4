//! The undo journal: the changes that a batch is about to make, on disk before the first call.
//!
//! It is the file `undo.journal` in a folder of its own. Without this file no batch is in progress.
//! It is written under the name `undo.journal.new`, synced, and only then renamed: a partly written
//! journal has the other name and means that no call was made. While the batch runs, entries with
//! the records that were read back are appended. An empty `undo.journal` belongs to a batch that
//! was finished; a batch is finished by emptying it, since a file can be synced everywhere and the
//! removal of its name cannot.
//!
//! Processes that change bindings lock the file `lock` in the same folder, so that no two with the
//! same folder do so at once, and none replays the journal of a batch in progress.

use std::cell::RefCell;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use certbind_core::{Binding, Result, StoreError};

use crate::journal_format::{decode, encode, encode_gap, encode_seen};
use crate::lock_owner;
use crate::private;
use crate::step::Step;

/// How long to wait for another process to finish its batch.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a reader waits for it.
const READER_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait before asking again.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
}

/// The right to change bindings, until it is dropped.
#[derive(Debug)]
pub(crate) struct JournalLock<'a> {
    journal: &'a Journal,
    lock: File,
    /// The journal of the batch in progress.
    file: RefCell<Option<File>>,
}

impl Journal {
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether a batch is in progress, or was interrupted. Leaves no trace on disk.
    pub(crate) fn is_pending(&self) -> bool {
        fs::symlink_metadata(self.path()).is_ok_and(|journal| journal.len() > 0)
    }

    /// Checks that the next change would use the journal. Leaves no trace on disk.
    ///
    /// # Errors
    /// If another user owns it or may write to it.
    pub(crate) fn check_private(&self) -> Result<()> {
        let path = self.path();
        private::check_folder(&self.folder)
            .map_err(|error| StoreError::io("use the journal folder", &self.folder, error))?;
        match private::open(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("read", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// Waits until no other process is changing bindings.
    pub(crate) fn lock(&self) -> Result<JournalLock<'_>> {
        self.lock_within(LOCK_TIMEOUT)
    }

    /// The lock, so that no batch is in progress during a read. `None` if no process has ever changed
    /// bindings, if this user may not lock, or if a batch takes longer than a reader waits. Leaves no
    /// trace on disk.
    pub(crate) fn lock_for_reading(&self) -> Option<JournalLock<'_>> {
        fs::symlink_metadata(self.folder.join("lock")).ok()?;
        self.lock_within(READER_TIMEOUT).ok()
    }

    /// The lock, if no other process is changing bindings.
    pub(crate) fn try_lock(&self) -> Result<JournalLock<'_>> {
        self.lock_within(Duration::ZERO)
    }

    fn lock_within(&self, timeout: Duration) -> Result<JournalLock<'_>> {
        private::create_folder(&self.folder)
            .map_err(|error| StoreError::io("use the journal folder", &self.folder, error))?;
        let path = self.folder.join("lock");
        let lock =
            private::open_or_create(&path).map_err(|error| StoreError::io("open", &path, error))?;
        let start = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if start.elapsed() < timeout => {
                    thread::sleep(LOCK_POLL_INTERVAL);
                }
                Err(TryLockError::WouldBlock) => {
                    let owner = lock_owner::read(&lock);
                    return Err(StoreError::InUse { path, owner });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(StoreError::io("lock", &path, error));
                }
            }
        }
        // For the error message of a waiting process.
        let _ = lock_owner::record(&lock);
        Ok(JournalLock {
            journal: self,
            lock,
            file: RefCell::new(None),
        })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("undo.journal")
    }
}

impl JournalLock<'_> {
    /// The steps of an interrupted batch.
    pub(crate) fn pending(&self) -> Result<Option<Vec<Step>>> {
        let path = self.journal.path();
        let read = private::open(&path).and_then(|mut file| {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok((file, bytes))
        });
        let (file, bytes) = match read {
            Ok((_, bytes)) if bytes.is_empty() => return Ok(None),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("read", &path, error)),
        };
        let steps = decode(&bytes, &path)?;
        *self.file.borrow_mut() = Some(file);
        Ok(Some(steps))
    }

    /// Whether the journal of a batch exists.
    pub(crate) fn is_begun(&self) -> bool {
        self.file.borrow().is_some()
    }

    /// Keeps the steps of a batch: once this has returned, they survive a power cut.
    pub(crate) fn begin(&self, steps: &[Step]) -> Result<()> {
        let path = self.journal.path();
        let new = path.with_extension("journal.new");
        let written = private::create_anew(&new).and_then(|mut file| {
            file.write_all(&encode(steps))?;
            file.sync_all()?;
            Ok(file)
        });
        let file = match written {
            Ok(file) => file,
            Err(error) => {
                let _ = fs::remove_file(&new);
                return Err(StoreError::io("write", &new, error));
            }
        };
        fs::rename(&new, &path)
            .and_then(|()| sync_name(&path))
            .map_err(|error| StoreError::io("keep", &path, error))?;
        *self.file.borrow_mut() = Some(file);
        Ok(())
    }

    /// Records that a step is about to delete its record.
    pub(crate) fn append_gap(&self, step: usize) -> Result<()> {
        self.append(&encode_gap(step))
    }

    /// Records the binding that was read back after a step.
    pub(crate) fn append_seen(&self, step: usize, found: &Binding) -> Result<()> {
        self.append(&encode_seen(step, found))
    }

    fn append(&self, entry: &[u8]) -> Result<()> {
        let file = self.file.borrow();
        let Some(mut file) = file.as_ref() else {
            return Ok(());
        };
        file.seek(io::SeekFrom::End(0))
            .and_then(|_| file.write_all(entry))
            .and_then(|()| file.sync_data())
            .map_err(|error| StoreError::io("append to", &self.journal.path(), error))
    }

    /// Discards the steps, when the batch is final or undone.
    pub(crate) fn finish(&self) -> Result<()> {
        let path = self.journal.path();
        *self.file.borrow_mut() = None;
        let emptied = private::open(&path).and_then(|journal| {
            journal.set_len(0)?;
            journal.sync_all()
        });
        match emptied {
            Ok(()) => {
                // A failure to remove the name does not matter.
                let _ = fs::remove_file(&path);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::io("finish", &path, error)),
        }
    }
}

impl Drop for JournalLock<'_> {
    fn drop(&mut self) {
        // Closing the file unlocks it as well, on some systems only in a while.
        let _ = self.lock.unlock();
    }
}

/// Makes a renamed file keep its name after a power cut.
fn sync_name(path: &Path) -> io::Result<()> {
    // Windows cannot sync a folder; syncing the file writes out NTFS's own journal up to the
    // renaming.
    #[cfg(windows)]
    let file = fs::OpenOptions::new().write(true).open(path)?;
    #[cfg(not(windows))]
    let file = File::open(path.parent().unwrap_or(path))?;
    file.sync_all()
}

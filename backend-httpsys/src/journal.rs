//! The undo journal: what a batch is about to change, on disk before the first call is made.
//!
//! It is the file `undo.journal` in a folder of its own. While there is none, no batch is under
//! way. It is written under the name `undo.journal.new`, synced, and only then renamed: what a
//! crash leaves half written has the other name and means that no call was made. An empty
//! `undo.journal` belongs to a batch that was finished; emptying it is what finishes a batch, since
//! a file can be synced everywhere and the removal of its name cannot.
//!
//! The file `lock` beside it is locked by whoever changes bindings, so that no two processes with
//! the same folder are at it at once, and none replays the journal of a batch still under way.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use certbind_core::{Result, StoreError};

use crate::journal_format::{decode, encode};
use crate::undo::Step;

/// How long to wait for another process to finish its batch.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

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
}

impl Journal {
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether a batch is under way, or was cut off. Leaves no trace on disk.
    pub(crate) fn is_pending(&self) -> bool {
        fs::metadata(self.path()).is_ok_and(|journal| journal.len() > 0)
    }

    /// Waits until no other process is changing bindings.
    pub(crate) fn lock(&self) -> Result<JournalLock<'_>> {
        create_folder(&self.folder)
            .map_err(|error| StoreError::io("create the folder", &self.folder, error))?;
        let path = self.folder.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| StoreError::io("open", &path, error))?;
        let start = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => {
                    let journal = self;
                    return Ok(JournalLock { journal, lock });
                }
                Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_TIMEOUT => {
                    thread::sleep(LOCK_POLL_INTERVAL);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::InUse { path, owner: None });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(StoreError::io("lock", &path, error));
                }
            }
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("undo.journal")
    }
}

impl JournalLock<'_> {
    /// The steps of a batch that was cut off.
    pub(crate) fn pending(&self) -> Result<Option<Vec<Step>>> {
        let path = self.journal.path();
        match fs::read(&path) {
            Ok(bytes) if bytes.is_empty() => Ok(None),
            Ok(bytes) => decode(&bytes, &path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("read", &path, error)),
        }
    }

    /// Keeps the steps of a batch: once this has returned, they survive a power cut.
    pub(crate) fn begin(&self, steps: &[Step]) -> Result<()> {
        let path = self.journal.path();
        let new = path.with_extension("journal.new");
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(&encode(steps))?;
            file.sync_all()
        });
        if let Err(error) = written {
            let _ = fs::remove_file(&new);
            return Err(StoreError::io("write", &new, error));
        }
        fs::rename(&new, &path)
            .and_then(|()| sync_name(&path))
            .map_err(|error| StoreError::io("keep", &path, error))
    }

    /// Forgets the steps: the batch is there to stay, or undone.
    pub(crate) fn finish(&self) -> Result<()> {
        let path = self.journal.path();
        let journal = OpenOptions::new().write(true).open(&path);
        let emptied = journal.and_then(|journal| {
            journal.set_len(0)?;
            journal.sync_all()
        });
        match emptied {
            Ok(()) => {
                // Whether the name goes with it matters to nobody.
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

/// Who may write into the folder decides what the next open replays: nobody but the owner.
fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Sees to it that a renamed file has its name after a power cut.
fn sync_name(path: &Path) -> io::Result<()> {
    // Windows cannot sync a folder; syncing the file writes out NTFS's own journal up to the
    // renaming.
    #[cfg(windows)]
    let file = OpenOptions::new().write(true).open(path)?;
    #[cfg(not(windows))]
    let file = File::open(path.parent().unwrap_or(path))?;
    file.sync_all()
}

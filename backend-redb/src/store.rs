//! The store itself: what it answers, whichever way it was opened.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_core::{Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities};
use certbind_core::{Change, Result, Scan, StoreError, Uuid};
use redb::{Database, ReadTransaction, ReadableDatabase};

use crate::commit::Committer;
use crate::errors::{Cause, guarded};
use crate::medium::Medium;
use crate::options::Options;
use crate::snapshot::Snapshot;

/// Bindings in one redb file.
///
/// After an error of the disk, in a read too, the store refuses to go on
/// ([`StoreError::Unavailable`]) until it is opened again: what was acknowledged is in the file or its
/// log, and what was not has been taken out of them. What is in memory can still be read.
pub struct RedbStore {
    path: PathBuf,
    id: Uuid,
    pub(crate) mode: Mode,
}

pub(crate) enum Mode {
    Writable(Box<Committer>),
    ReadOnly(Reader),
}

/// A file that is open for reading.
pub(crate) struct Reader {
    snapshot: Arc<Snapshot>,
    pub(crate) medium: Arc<Medium>,
    /// Has the pages that the snapshot reads.
    database: Database,
}

impl Reader {
    pub(crate) fn new(
        database: Database,
        medium: Arc<Medium>,
        options: &Options,
    ) -> Result<Self, Cause> {
        Ok(Self {
            snapshot: Arc::new(Snapshot::take(&database, options)?),
            medium,
            database,
        })
    }

    /// What `read` finds in the file.
    pub(crate) fn look<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        guarded(|| read(&self.database.begin_read()?))
    }
}

impl RedbStore {
    /// Opens a file for reading and writing, and makes it if it is not there: readable by its
    /// owner alone, where the system has such modes. The directory has to be there.
    ///
    /// The whole file is verified first ([`Options::verify`]). One that its last writer left in a
    /// crash is repaired and brought up to its log, and holds everything that was acknowledged.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if somebody has it open; [`StoreError::NewerFormat`];
    /// [`StoreError::Corrupt`] for a file that is damaged, cut short, empty, or no binding store, or
    /// whose log is missing or damaged ([`Options::without_log`]);
    /// [`StoreError::AccessDenied`]; [`StoreError::Io`]. But for an error of the disk in the midst
    /// of a repair, the file is byte for byte as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Options::new().open(path)
    }

    /// Opens a file that is there for reading and writing.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`StoreError::Io`] if it is not there.
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self> {
        Options::new().open_existing(path)
    }

    /// Opens a file that is there for reading, and never writes to it: where the last writer was
    /// cut off, the repair is made in memory. Others may read it at the same time, and nobody may
    /// write.
    ///
    /// # Errors
    /// As [`open_existing`](Self::open_existing).
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        Options::new().open_read_only(path)
    }

    pub(crate) fn new(path: &Path, id: Uuid, mode: Mode) -> Self {
        Self {
            path: path.to_owned(),
            id,
            mode,
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id that the file got when it was made.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// How many commits the file has seen. Batches that were applied at the same time may share
    /// one, and then all have its number.
    #[must_use]
    pub fn revision(&self) -> u64 {
        match &self.mode {
            Mode::Writable(committer) => committer.revision(),
            Mode::ReadOnly(reader) => reader.snapshot.revision(),
        }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Snapshot) -> Result<T, Cause>) -> Result<T> {
        let found = match &self.mode {
            Mode::Writable(committer) => committer.read(read),
            Mode::ReadOnly(reader) => read(&reader.snapshot),
        };
        found.map_err(|cause| self.error(cause))
    }

    pub(crate) fn error(&self, cause: Cause) -> StoreError {
        let cause = match &self.mode {
            Mode::Writable(committer) => committer.explained(cause),
            Mode::ReadOnly(_) => cause,
        };
        cause.at(&self.path)
    }
}

impl BindingStore for RedbStore {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full();
        capabilities.writable = matches!(self.mode, Mode::Writable(_));
        capabilities
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.read(|snapshot| snapshot.get(key))
    }

    /// As the trait says. Until the iterator ends, the pages of its revision are not reused, so
    /// that a file which is written to meanwhile grows.
    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let bindings = self.read(|snapshot| snapshot.scan(scan))?;
        Ok(Bindings::new(
            bindings.map(|binding| binding.map_err(|cause| self.error(cause))),
        ))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        match &self.mode {
            Mode::ReadOnly(_) => Err(StoreError::ReadOnly),
            Mode::Writable(_) if batch.is_empty() => Ok(Applied::default()),
            Mode::Writable(committer) => committer.apply(batch),
        }
    }

    /// As the trait says, in bounded memory unless the store is resident. Other writers wait
    /// meanwhile.
    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        match &self.mode {
            Mode::ReadOnly(_) => Err(StoreError::ReadOnly),
            Mode::Writable(committer) => committer.bulk_load(changes),
        }
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore")
            .field("path", &self.path)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

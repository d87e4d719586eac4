//! The store, in either open mode.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_core::history::{Commit, History, Origin};
use certbind_core::{Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities};
use certbind_core::{Change, Result, Scan, StoreError, Uuid};
use redb::{Database, ReadTransaction, ReadableDatabase};

use crate::commit::Committer;
use crate::errors::{Cause, catch_panic};
use crate::history::{self, Signature};
use crate::read_view::ReadView;
use crate::settings::Settings;
use crate::storage::Storage;

/// Bindings in one redb file.
///
/// After a disk error, including a failed read, the store refuses further work
/// ([`StoreError::Unavailable`]) until it is opened again: acknowledged changes are in the file or
/// its WAL, and all others were rolled back. An in-memory store can still be read.
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
    view: Arc<ReadView>,
    pub(crate) storage: Arc<Storage>,
    /// Keeps the pages that the view reads.
    database: Database,
}

impl Reader {
    pub(crate) fn new(
        database: Database,
        storage: Arc<Storage>,
        settings: &Settings,
    ) -> Result<Self, Cause> {
        Ok(Self {
            view: Arc::new(ReadView::open(&database, settings)?),
            storage,
            database,
        })
    }

    fn close(self) -> Result<(), Cause> {
        let Self {
            view,
            storage,
            database,
        } = self;
        drop(view);
        catch_panic(|| Ok(database.close()?))?;
        Ok(storage.close()?)
    }

    /// Calls `read` on the file.
    pub(crate) fn inspect<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        catch_panic(|| read(&self.database.begin_read()?))
    }
}

impl RedbStore {
    pub(crate) fn new(path: &Path, id: Uuid, mode: Mode) -> Self {
        Self {
            path: path.to_owned(),
            id,
            mode,
        }
    }

    /// Closes the store: checkpoints, removes the WAL, and releases the file.
    ///
    /// Dropping a store does the same and cannot report an error.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the checkpoint fails or the WAL cannot be removed;
    /// [`StoreError::Unavailable`] if the store had stopped after an earlier error. The file is
    /// closed nevertheless, and the next opening finds every acknowledged batch.
    pub fn close(self) -> Result<()> {
        match self.mode {
            Mode::Writable(mut committer) => committer.close(),
            Mode::ReadOnly(reader) => reader.close().map_err(|cause| cause.at(&self.path)),
        }
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The id that the file got when it was created.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The number of commits. Batches that were applied at the same time may share a commit, and
    /// then have the same revision.
    #[must_use]
    pub fn revision(&self) -> u64 {
        match &self.mode {
            Mode::Writable(committer) => committer.revision(),
            Mode::ReadOnly(reader) => reader.view.revision(),
        }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&ReadView) -> Result<T, Cause>) -> Result<T> {
        let found = match &self.mode {
            Mode::Writable(committer) => committer.read(read),
            Mode::ReadOnly(reader) => read(&reader.view),
        };
        found.map_err(|cause| self.error(cause))
    }

    pub(crate) fn error(&self, cause: Cause) -> StoreError {
        let cause = match &self.mode {
            Mode::Writable(committer) => committer.explain(cause),
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
        self.read(|view| view.get(key))
    }

    /// As [`BindingStore::scan`]. While the iterator exists, the pages of its revision are not
    /// reused, so writes grow the file until it is dropped.
    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let bindings = self.read(|view| view.scan(scan))?;
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

    /// As [`BindingStore::bulk_load`], in bounded memory unless the store is in-memory. Other
    /// writers wait.
    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        match &self.mode {
            Mode::ReadOnly(_) => Err(StoreError::ReadOnly),
            Mode::Writable(committer) => committer.bulk_load(changes),
        }
    }
}

impl History for RedbStore {
    fn revision(&self) -> Result<u64> {
        Ok(Self::revision(self))
    }

    fn commits(&self) -> Result<Vec<Commit>> {
        let commits = match &self.mode {
            Mode::Writable(committer) => committer.history(),
            Mode::ReadOnly(reader) => reader.inspect(history::read),
        };
        commits.map_err(|cause| self.error(cause))
    }

    fn apply_from(&self, batch: &Batch, origin: &Origin) -> Result<Applied> {
        match &self.mode {
            Mode::ReadOnly(_) => Err(StoreError::ReadOnly),
            Mode::Writable(_) if batch.is_empty() => Ok(Applied::default()),
            Mode::Writable(committer) => committer.apply_signed(batch, Signature::from(origin)),
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

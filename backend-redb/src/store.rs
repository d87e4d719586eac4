//! The store itself: what it answers, whichever way it was opened.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_core::{Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities};
use certbind_core::{Change, Result, Scan, StoreError, Uuid};
use redb::{Database, ReadTransaction, ReadableDatabase};

use crate::commit::Committer;
use crate::errors::{Cause, catch_panic};
use crate::read_view::ReadView;
use crate::settings::Settings;
use crate::storage::Storage;

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
    view: Arc<ReadView>,
    pub(crate) storage: Arc<Storage>,
    /// Has the pages that the view reads.
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

    /// What `read` finds in the file.
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

    /// As the trait says. Until the iterator ends, the pages of its revision are not reused, so
    /// that a file which is written to meanwhile grows.
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

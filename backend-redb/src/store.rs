//! The store itself: what it answers, whichever way it was opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{ReadOnlyDatabase, ReadableDatabase};
use store_core::{Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities};
use store_core::{Result, Scan, StoreError, Uuid};

use crate::commit::Committer;
use crate::errors::Cause;
use crate::format::{META, META_NOTE};
use crate::snapshot::Snapshot;

/// Bindings in one redb file.
pub struct RedbStore {
    pub(crate) path: PathBuf,
    pub(crate) id: Uuid,
    pub(crate) mode: Mode,
}

pub(crate) enum Mode {
    Writable(Committer),
    ReadOnly(ReadOnlyDatabase, Arc<Snapshot>),
}

impl RedbStore {
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

    /// How many commits the file has seen. Several batches may share one.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.snapshot().revision()
    }

    /// The bytes that a tool keeps beside the bindings under this name.
    ///
    /// # Errors
    /// What keeps the file from being read.
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let read = || -> Result<_, Cause> {
            let transaction = match &self.mode {
                Mode::Writable(committer) => committer.database().begin_read()?,
                Mode::ReadOnly(database, _) => database.begin_read()?,
            };
            let table = transaction.open_table(META)?;
            let value = table.get(format!("{META_NOTE}{name}").as_str())?;
            Ok(value.map(|value| value.value().to_vec()))
        };
        read().map_err(|cause| cause.at(&self.path))
    }

    /// Keeps bytes beside the bindings under this name. It is no change of the bindings: the
    /// revision stays.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], and what keeps the file from being written.
    pub fn set_note(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let Mode::Writable(committer) = &self.mode else {
            return Err(StoreError::ReadOnly);
        };
        let write = || -> Result<(), Cause> {
            let transaction = committer.database().begin_write()?;
            transaction
                .open_table(META)?
                .insert(format!("{META_NOTE}{name}").as_str(), bytes)?;
            Ok(transaction.commit()?)
        };
        write().map_err(|cause| cause.at(&self.path))
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        match &self.mode {
            Mode::Writable(committer) => committer.snapshot(),
            Mode::ReadOnly(_, snapshot) => Arc::clone(snapshot),
        }
    }
}

impl BindingStore for RedbStore {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full();
        capabilities.writable = matches!(self.mode, Mode::Writable(_));
        capabilities
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.snapshot()
            .get(key)
            .map_err(|cause| cause.at(&self.path))
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let bindings = self
            .snapshot()
            .scan(scan)
            .map_err(|cause| cause.at(&self.path))?;
        Ok(Bindings::new(bindings.map(|binding| {
            binding.map_err(|cause| cause.at(&self.path))
        })))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        match &self.mode {
            Mode::Writable(_) if batch.is_empty() => Ok(Applied::default()),
            Mode::Writable(committer) => committer.apply(batch),
            Mode::ReadOnly(..) => Err(StoreError::ReadOnly),
        }
    }
}

impl std::fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedbStore")
            .field("path", &self.path)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

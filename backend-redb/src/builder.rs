//! Opening a store: the builder, and the shortcuts of [`RedbStore`].

use std::path::Path;

use certbind_core::Result;
use certbind_core::history::HistoryOptions;
use redb::StorageBackend;

use crate::open;
use crate::settings::{DamagedWal, ReadMode, Settings, Verification};
use crate::storage::{LockMode, Storage};
use crate::store::RedbStore;

/// Opens a store with other settings than [`RedbStore::open`].
///
/// ```
/// use certbind_redb::{ReadMode, RedbStore};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("bindings.redb");
/// let store = RedbStore::builder().read_mode(ReadMode::InMemory).open(&path)?;
/// assert_eq!(store.revision(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder opens nothing until `open` is called"]
pub struct RedbBuilder(Settings);

impl RedbBuilder {
    /// How much of the file opening verifies. The default is [`Verification::WholeFile`].
    pub fn verification(mut self, verification: Verification) -> Self {
        self.0.verification = verification;
        self
    }

    /// Where reads come from. The default is [`ReadMode::FromFile`]. Changes are equally durable in
    /// both modes.
    pub fn read_mode(mut self, mode: ReadMode) -> Self {
        self.0.read_mode = mode;
        self
    }

    /// How much memory may hold pages of the file, in bytes. The default is 256 MiB.
    ///
    /// Memory is taken as pages are read, so a small file never uses all of it; a million bindings
    /// have some 62 MB of pages. At most half of the cache holds pages of a commit that is not yet
    /// written; a batch that makes more pages writes some of them twice.
    pub fn cache_size(mut self, bytes: usize) -> Self {
        self.0.cache_size = bytes;
        self
    }

    /// How many decoded bindings the row cache holds. The default is 16,384, of some 250 bytes each
    /// in addition to their strings; 0 disables the cache.
    ///
    /// The cache makes a repeated `get` of the same key cheaper. It fills after a sixteenth as many
    /// `get`s as it has entries, and is cleared when bindings are written to the file. It is unused in
    /// a store with more than about twice as many bindings, and in [`ReadMode::InMemory`].
    pub fn row_cache_entries(mut self, bindings: usize) -> Self {
        self.0.row_cache_entries = bindings;
        self
    }

    /// How many commits go straight to the file before a write-ahead log takes them. The default is
    /// 64; `None` disables the WAL.
    ///
    /// A commit to the WAL is one write and one sync, which is cheaper than a commit to the file. A
    /// store that is not closed leaves its WAL, and the next opening replays it. If the WAL cannot
    /// be created, commits keep going to the file.
    pub fn wal_after_commits(mut self, commits: impl Into<Option<u32>>) -> Self {
        self.0.wal_after_commits = commits.into();
        self
    }

    /// The size of the WAL in bytes, between 4 KiB and 1 GiB. The default is 1 MiB.
    ///
    /// A full WAL is checkpointed: one commit writes all of it to the file. A batch that does not
    /// fit into the WAL goes straight to the file. The memtable holds the changes of the WAL in
    /// memory as well, with some 300 bytes a binding in addition to its strings.
    pub fn wal_size(mut self, bytes: u64) -> Self {
        self.0.wal_size = bytes.clamp(4096, 1 << 30);
        self
    }

    /// Records the bindings that each commit of this opening replaces, with its time and author, in the
    /// same transaction ([`History`](certbind_core::history::History)). The default is `None`: these
    /// commits become a gap in the history of the store.
    pub fn history(mut self, options: impl Into<Option<HistoryOptions>>) -> Self {
        self.0.history = options.into();
        self
    }

    /// Opens a store although its WAL is missing or damaged. The store reverts to the last
    /// checkpoint.
    ///
    /// Every batch since that checkpoint is lost, although it was acknowledged, and its revision is
    /// given to another batch later. Rows of [other tables](certbind_core::Tables) are never in the WAL and
    /// stay. An intact WAL is replayed, not discarded.
    pub fn discard_wal(mut self) -> Self {
        self.0.damaged_wal = DamagedWal::Discard;
        self
    }

    /// Opens a file as [`RedbStore::open`] does.
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<RedbStore> {
        open::open(path.as_ref(), &self.0)
    }

    /// Opens a file as [`RedbStore::open_existing`] does.
    ///
    /// # Errors
    /// As [`RedbStore::open_existing`].
    pub fn open_existing(&self, path: impl AsRef<Path>) -> Result<RedbStore> {
        open::open_existing(path.as_ref(), &self.0)
    }

    /// Opens a file as [`RedbStore::open_read_only`] does.
    ///
    /// # Errors
    /// As [`RedbStore::open_read_only`].
    pub fn open_read_only(&self, path: impl AsRef<Path>) -> Result<RedbStore> {
        open::open_read_only(path.as_ref(), &self.0)
    }

    /// Opens a store for writing in a storage other than a file; errors show `name` as its path.
    ///
    /// An empty storage becomes a new store. A crash during that leaves a storage that is neither
    /// empty nor a store, whereas [`RedbStore::open`] leaves no file. The store has no WAL.
    ///
    /// # Errors
    /// As [`RedbStore::open_existing`].
    pub fn open_backend(
        &self,
        storage: impl StorageBackend,
        name: impl AsRef<Path>,
    ) -> Result<RedbStore> {
        open::open_backend(Storage::exclusive(storage), name.as_ref(), &self.0)
    }

    /// Opens a store for reading in a storage other than a file; errors show `name` as its path.
    ///
    /// # Errors
    /// As [`RedbStore::open_read_only`].
    pub fn open_backend_read_only(
        &self,
        storage: impl StorageBackend,
        name: impl AsRef<Path>,
    ) -> Result<RedbStore> {
        let storage = Storage::new(storage, LockMode::Shared);
        open::open_backend_read_only(storage, name.as_ref(), &self.0)
    }

    /// Opens a store as [`open_backend`](Self::open_backend) does, with a second storage for the WAL.
    ///
    /// A WAL of length 0 does not exist: setting the length to 0 removes the WAL, and growing it from
    /// 0 creates another one. After a crash either of two such WALs may be left, but no mixture. The
    /// first sync has to make the creation durable. Locks of this storage are not used.
    ///
    /// # Errors
    /// As [`RedbStore::open_existing`].
    pub fn open_backend_with_wal(
        &self,
        storage: impl StorageBackend,
        wal: impl StorageBackend,
        name: impl AsRef<Path>,
    ) -> Result<RedbStore> {
        let storage = Storage::exclusive(storage).with_wal(wal);
        open::open_backend(storage, name.as_ref(), &self.0)
    }
}

impl RedbStore {
    /// A builder with the default settings.
    pub fn builder() -> RedbBuilder {
        RedbBuilder::default()
    }

    /// Opens a file for reading and writing, and creates it if it does not exist: readable by its
    /// owner alone, where the system has file modes. The directory has to exist.
    ///
    /// The whole file is verified first ([`RedbBuilder::verification`]). A file that its last writer
    /// left in a crash is repaired and its WAL is replayed, so it holds everything that was
    /// acknowledged.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process has it open; [`StoreError::NewerFormat`];
    /// [`StoreError::Corrupt`] for a file that is damaged, truncated, empty, or no binding store, or
    /// whose WAL is missing or damaged ([`RedbBuilder::discard_wal`]);
    /// [`StoreError::AccessDenied`]; [`StoreError::Io`]. The file is left byte for byte as it was,
    /// unless the disk fails during a repair.
    ///
    /// [`StoreError::InUse`]: certbind_core::StoreError::InUse
    /// [`StoreError::NewerFormat`]: certbind_core::StoreError::NewerFormat
    /// [`StoreError::Corrupt`]: certbind_core::StoreError::Corrupt
    /// [`StoreError::AccessDenied`]: certbind_core::StoreError::AccessDenied
    /// [`StoreError::Io`]: certbind_core::StoreError::Io
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open(path)
    }

    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`StoreError::Io`](certbind_core::StoreError::Io) if it does not
    /// exist.
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open_existing(path)
    }

    /// Opens an existing file for reading, and never writes to it: after a crash the repair is made
    /// in memory. Other processes may read it at the same time; none may write.
    ///
    /// # Errors
    /// As [`open_existing`](Self::open_existing).
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open_read_only(path)
    }
}

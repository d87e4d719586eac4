//! The suite over the redb store in each of its modes: without and with a WAL, read from the file and
//! from memory, and opened read-only.

use std::marker::PhantomData;
use std::path::Path;

use certbind_conformance::Fixture;
use certbind_core::{Batch, Binding, BindingStore, CertHash, Change, Record, Result, Uuid};
use certbind_redb::{ReadMode, RedbBuilder, RedbStore};
use tempfile::TempDir;

/// A file in a folder of its own, and how it is opened.
struct RedbFile<M> {
    folder: TempDir,
    mode: PhantomData<M>,
}

/// How a file is opened.
trait Mode: Send + Sync + 'static {
    fn open(path: &Path) -> Result<RedbStore>;

    /// Writes the initial contents of the file.
    fn fill(_path: &Path) {}
}

impl<M: Mode> Fixture for RedbFile<M> {
    type Store = RedbStore;

    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        M::fill(&folder.path().join("bindings.redb"));
        Self {
            folder,
            mode: PhantomData,
        }
    }

    fn open(&self) -> Result<RedbStore> {
        M::open(&self.folder.path().join("bindings.redb"))
    }

    fn address(&self) -> Option<String> {
        let path = self.folder.path().join("bindings.redb");
        Some(path.to_str().expect("temporary paths are text").to_owned())
    }

    fn open_at(address: &str) -> Result<RedbStore> {
        M::open(Path::new(address))
    }
}

/// A WAL that is full every few commits.
fn with_wal() -> RedbBuilder {
    RedbStore::builder().wal_after_commits(0).wal_size(4096)
}

/// Writes a few bindings, for stores that are opened read-only.
fn fill(path: &Path) {
    let store = RedbStore::open(path).expect("the store opens");
    let keys = ["0.0.0.0:443", "10.0.0.9:80", "10.0.0.10:443", "[::]:443"];
    let insert = |key: &str| {
        let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
        let binding = Binding::new(key.parse().expect("a key"), record);
        Change::insert(binding.expect("a binding"))
    };
    let batch = Batch::new(keys.map(insert)).expect("each key once");
    store.apply(&batch).expect("apply");
}

macro_rules! writable {
    ($($suite:ident, $mode:ident: |$path:ident| $open:expr;)*) => {$(
        struct $mode;

        impl Mode for $mode {
            fn open($path: &Path) -> Result<RedbStore> {
                $open
            }
        }

        certbind_conformance::suite!($suite, RedbFile<$mode>);
    )*};
}

writable! {
    redb, WithoutWal: |path| RedbStore::open(path);
    in_memory, InMemory: |path| RedbStore::builder().read_mode(ReadMode::InMemory).open(path);
    wal, WithWal: |path| with_wal().open(path);
    in_memory_wal, InMemoryWithWal: |path| with_wal().read_mode(ReadMode::InMemory).open(path);
    row_cache_wal, RowCacheWithWal: |path| with_wal().row_cache_entries(64).open(path);
}

macro_rules! read_only {
    ($($suite:ident, $mode:ident: |$path:ident| $open:expr;)*) => {$(
        struct $mode;

        impl Mode for $mode {
            fn open($path: &Path) -> Result<RedbStore> {
                $open
            }

            fn fill(path: &Path) {
                fill(path);
            }
        }

        certbind_conformance::suite!(
            $suite,
            RedbFile<$mode>,
            durability_not_checked = "the store is read-only"
        );
    )*};
}

read_only! {
    read_only, ReadOnly: |path| RedbStore::open_read_only(path);
    in_memory_read_only, InMemoryReadOnly: |path| {
        RedbStore::builder().read_mode(ReadMode::InMemory).open_read_only(path)
    };
}

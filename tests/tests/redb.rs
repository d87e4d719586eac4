//! The suite over the redb store, reopened between steps: without and with a WAL, opened read-only,
//! and each of these in both read modes.

use certbind_conformance::Fixture;
use certbind_core::{Batch, Binding, BindingStore, CertHash, Change, Record, Uuid};
use certbind_redb::{ReadMode, RedbBuilder, RedbStore};
use tempfile::TempDir;

struct RedbFile(TempDir);

impl Fixture for RedbFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    fn open(&self) -> RedbStore {
        RedbStore::open(self.0.path().join("bindings.redb")).expect("the store opens")
    }
}

certbind_conformance::suite!(redb, RedbFile);

struct InMemoryFile(RedbFile);

impl Fixture for InMemoryFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(RedbFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.path().join("bindings.redb");
        let builder = RedbStore::builder().read_mode(ReadMode::InMemory);
        builder.open(path).expect("the store opens")
    }
}

certbind_conformance::suite!(in_memory, InMemoryFile);

/// A file with a WAL that is full every few commits.
struct WalFile(RedbFile);

fn with_wal() -> RedbBuilder {
    RedbStore::builder().wal_after_commits(0).wal_size(4096)
}

impl Fixture for WalFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(RedbFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.path().join("bindings.redb");
        with_wal().open(path).expect("the store opens")
    }
}

certbind_conformance::suite!(wal, WalFile);

struct InMemoryWalFile(RedbFile);

impl Fixture for InMemoryWalFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(RedbFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.path().join("bindings.redb");
        with_wal()
            .read_mode(ReadMode::InMemory)
            .open(path)
            .expect("the store opens")
    }
}

certbind_conformance::suite!(in_memory_wal, InMemoryWalFile);

/// A file with a WAL and a row cache that fills after a few gets.
struct RowCacheWalFile(RedbFile);

impl Fixture for RowCacheWalFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(RedbFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.path().join("bindings.redb");
        with_wal()
            .row_cache_entries(64)
            .open(path)
            .expect("the store opens")
    }
}

certbind_conformance::suite!(row_cache_wal, RowCacheWalFile);

/// A file with a few bindings, opened read-only.
struct ReadOnlyFile(RedbFile);

impl Fixture for ReadOnlyFile {
    type Store = RedbStore;

    fn new() -> Self {
        let file = RedbFile::new();
        let store = file.open();
        let keys = ["0.0.0.0:443", "10.0.0.9:80", "10.0.0.10:443", "[::]:443"];
        let insert = |key: &str| {
            let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
            let binding = Binding::new(key.parse().expect("a key"), record);
            Change::insert(binding.expect("a binding"))
        };
        let batch = Batch::new(keys.map(insert)).expect("each key once");
        store.apply(&batch).expect("apply");
        Self(file)
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.path().join("bindings.redb");
        RedbStore::open_read_only(path).expect("the store opens")
    }
}

certbind_conformance::suite!(read_only, ReadOnlyFile);

struct InMemoryReadOnlyFile(ReadOnlyFile);

impl Fixture for InMemoryReadOnlyFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(ReadOnlyFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.0.path().join("bindings.redb");
        let builder = RedbStore::builder().read_mode(ReadMode::InMemory);
        builder.open_read_only(path).expect("the store opens")
    }
}

certbind_conformance::suite!(in_memory_read_only, InMemoryReadOnlyFile);

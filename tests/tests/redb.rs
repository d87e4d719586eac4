//! The suite over the redb store, opened again between steps; with a log from the first commit on; over
//! a file that is opened for reading alone; and over each with its bindings in memory.

use certbind_conformance::Fixture;
use certbind_core::{Batch, Binding, BindingStore, CertHash, Change, Record, Uuid};
use certbind_redb::{Options, RedbStore};
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

struct ResidentFile(RedbFile);

impl Fixture for ResidentFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(RedbFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.path().join("bindings.redb");
        let options = Options::new().resident(true);
        options.open(path).expect("the store opens")
    }
}

certbind_conformance::suite!(resident, ResidentFile);

/// With a log that is full every few commits.
struct LoggedFile(RedbFile);

fn logged() -> Options {
    Options::new().log_after(Some(0)).log_bytes(4096)
}

impl Fixture for LoggedFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(RedbFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.path().join("bindings.redb");
        logged().open(path).expect("the store opens")
    }
}

certbind_conformance::suite!(logged, LoggedFile);

struct ResidentLoggedFile(RedbFile);

impl Fixture for ResidentLoggedFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(RedbFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.path().join("bindings.redb");
        logged().resident(true).open(path).expect("the store opens")
    }
}

certbind_conformance::suite!(resident_logged, ResidentLoggedFile);

/// Where what was read is kept almost at once, for as long as only the log is written.
struct RecentLoggedFile(RedbFile);

impl Fixture for RecentLoggedFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(RedbFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.path().join("bindings.redb");
        logged().recent(64).open(path).expect("the store opens")
    }
}

certbind_conformance::suite!(recent_logged, RecentLoggedFile);

/// A file that somebody has written to before.
struct WrittenFile(RedbFile);

impl Fixture for WrittenFile {
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

certbind_conformance::suite!(read_only, WrittenFile);

struct ResidentWrittenFile(WrittenFile);

impl Fixture for ResidentWrittenFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(WrittenFile::new())
    }

    fn open(&self) -> RedbStore {
        let path = self.0.0.0.path().join("bindings.redb");
        let options = Options::new().resident(true);
        options.open_read_only(path).expect("the store opens")
    }
}

certbind_conformance::suite!(resident_read_only, ResidentWrittenFile);

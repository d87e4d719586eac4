//! The suite over the redb store, opened again between steps.

use backend_redb::RedbStore;
use conformance::Subject;
use tempfile::TempDir;

struct RedbFile(TempDir);

impl Subject for RedbFile {
    type Store = RedbStore;

    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    fn open(&self) -> RedbStore {
        RedbStore::open(self.0.path().join("bindings.redb")).expect("the store opens")
    }
}

conformance::suite!(redb, RedbFile);

//! The conformance suite over the SQLite store.

// ANCHOR: suite
use std::path::Path;

use certbind_conformance::Fixture;
use certbind_core::Result;
use certbind_sqlite::SqliteStore;
use tempfile::TempDir;

/// A database for each test, in a folder that is removed with it.
struct InFolder(TempDir);

impl Fixture for InFolder {
    type Store = SqliteStore;

    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn open(&self) -> Result<SqliteStore> {
        SqliteStore::open(&self.0.path().join("bindings.sqlite"))
    }

    /// For the crash tests: another process opens the same database by its path.
    fn address(&self) -> Option<String> {
        let path = self.0.path().join("bindings.sqlite");
        path.to_str().map(str::to_owned)
    }

    fn open_at(address: &str) -> Result<SqliteStore> {
        SqliteStore::open(Path::new(address))
    }
}

certbind_conformance::suite!(sqlite, InFolder);
// ANCHOR_END: suite

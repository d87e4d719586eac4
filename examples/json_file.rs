//! A backend in full: a store in one JSON file, which the suite below holds to every promise.
//!
//! Run it by `cargo test --package certbind-conformance --test json_file`.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use certbind_conformance::Fixture;
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Result, Scan,
    StoreError,
};
use tempfile::{NamedTempFile, TempDir};

/// Each change writes the whole file anew. One process at a time may have it.
struct JsonFileStore {
    path: PathBuf,
    /// What the file holds, in canonical order: that of the keys.
    bindings: Mutex<Vec<Binding>>,
}

impl JsonFileStore {
    fn open(path: &Path) -> Result<Self> {
        let bindings = match fs::read(path) {
            Ok(json) => serde_json::from_slice(&json)
                .map_err(|error| StoreError::io("reading the bindings", path, error.into()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(StoreError::io("reading the bindings", path, error)),
        };
        let (path, bindings) = (path.to_owned(), Mutex::new(bindings));
        Ok(Self { path, bindings })
    }

    /// Puts the file in its place whole: a crash leaves the old one or the new one, and what has
    /// been synced outlives a power cut.
    fn save(&self, bindings: &[Binding]) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(bindings)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }

    /// The new name is durable once its folder is; Windows has no call for that.
    fn settle(&self) -> std::io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        if cfg!(unix) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

impl BindingStore for JsonFileStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::full()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        let bindings = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
        let found = bindings.binary_search_by(|binding| binding.key().cmp(key));
        Ok(found.ok().map(|at| bindings[at].clone()))
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let bindings = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
        let chosen = bindings
            .iter()
            .filter(|binding| scan.contains(binding.key()));
        Ok(Bindings::new(
            chosen.cloned().map(Ok).collect::<Vec<_>>().into_iter(),
        ))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let mut bindings = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
        let find = |key: &BindingKey| bindings.iter().find(|binding| binding.key() == key);
        let applied = batch.check(|key| Ok(find(key).cloned()))?;
        let mut after = bindings.clone();
        for outcome in applied.outcomes() {
            after.retain(|binding| *binding.key() != outcome.key);
            after.extend(outcome.after.clone());
        }
        after.sort_by(|one, other| one.key().cmp(other.key()));
        self.save(&after)
            .map_err(|error| StoreError::io("writing the bindings", &self.path, error))?;
        *bindings = after;
        // It is there now; whether a power cut leaves it there, nobody knows.
        self.settle().map_err(|source| StoreError::OutcomeUnknown {
            store: self.path.display().to_string(),
            source,
        })?;
        Ok(applied)
    }
}

/// A store of its own for each test, in a folder that goes away with it.
struct InFolder(TempDir);

impl Fixture for InFolder {
    type Store = JsonFileStore;

    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn open(&self) -> JsonFileStore {
        JsonFileStore::open(&self.0.path().join("bindings.json")).expect("a store")
    }
}

certbind_conformance::suite!(json_file, InFolder);

//! A complete backend: a store in one JSON file, tested by the conformance suite.
//!
//! Run it with `cargo test --package certbind-conformance --test json_file`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use certbind_conformance::Fixture;
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Result, Scan,
    StoreError,
};
use tempfile::{NamedTempFile, TempDir};

/// A store that writes the whole file at each change, and reads from memory. One handle at a time may
/// be open: a second one would overwrite the changes of the first.
struct JsonFileStore {
    path: PathBuf,
    /// The content of the file, in canonical order.
    bindings: Mutex<Vec<Binding>>,
    /// Locked as long as the store is open. The file itself is replaced at each change, so the lock is
    /// that of a file next to it.
    _lock: File,
}

impl JsonFileStore {
    fn open(path: &Path) -> Result<Self> {
        let lock = lock(&path.with_extension("json.lock"), path)?;
        let bindings = match fs::read(path) {
            Ok(json) => serde_json::from_slice(&json)
                .map_err(|error| StoreError::corrupt(path.display().to_string(), error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(StoreError::io("read", path, error)),
        };
        Ok(Self {
            path: path.to_owned(),
            bindings: Mutex::new(bindings),
            _lock: lock,
        })
    }

    /// Replaces the file atomically: a crash leaves the old content or the new one.
    fn save(&self, bindings: &[Binding]) -> std::io::Result<()> {
        let mut file = NamedTempFile::new_in(self.folder())?;
        file.write_all(&serde_json::to_vec_pretty(bindings)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }

    /// Makes the new name durable, which takes a sync of the folder. Windows has no call for that.
    fn sync_folder(&self) -> std::io::Result<()> {
        if cfg!(unix) {
            File::open(self.folder())?.sync_all()?;
        }
        Ok(())
    }

    fn folder(&self) -> &Path {
        let folder = self.path.parent();
        folder
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
    }
}

/// The number of attempts to lock, and the interval between them: a child of this process keeps the
/// lock of a store that was closed from its fork to its exec.
const ATTEMPTS: u32 = 200;
const INTERVAL: Duration = Duration::from_millis(5);

/// Locks a file until it is closed, or reports that the store at `path` is in use.
fn lock(file: &Path, path: &Path) -> Result<File> {
    let failed = |error| StoreError::io("lock", file, error);
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false);
    let lock = options.open(file).map_err(failed)?;
    for _ in 0..ATTEMPTS {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => std::thread::sleep(INTERVAL),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    Err(StoreError::InUse {
        path: path.to_owned(),
        owner: None,
    })
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
        // A copy: the scan is not changed by later writes, and blocks none.
        let chosen: Vec<_> = chosen.cloned().map(Ok).collect();
        Ok(Bindings::new(chosen.into_iter()))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let mut bindings = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
        let find = |key: &BindingKey| bindings.binary_search_by(|binding| binding.key().cmp(key));
        let applied = batch.check(|key| Ok(find(key).ok().map(|at| bindings[at].clone())))?;
        let mut after: std::collections::BTreeMap<_, _> = bindings
            .iter()
            .map(|binding| (binding.key().clone(), binding.clone()))
            .collect();
        for outcome in applied.outcomes() {
            match outcome.after.clone() {
                Some(binding) => after.insert(outcome.key.clone(), binding),
                None => after.remove(&outcome.key),
            };
        }
        let after: Vec<_> = after.into_values().collect();
        self.save(&after)
            .map_err(|error| StoreError::io("write", &self.path, error))?;
        *bindings = after;
        // The new file is visible; whether a power failure would keep it is unknown.
        self.sync_folder()
            .map_err(|source| StoreError::OutcomeUnknown {
                store: self.path.display().to_string(),
                source,
            })?;
        Ok(applied)
    }
}

/// A store for each test, in a folder that is removed with it.
struct InFolder(TempDir);

impl InFolder {
    fn path(&self) -> PathBuf {
        self.0.path().join("bindings.json")
    }
}

impl Fixture for InFolder {
    type Store = JsonFileStore;

    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn open(&self) -> Result<JsonFileStore> {
        JsonFileStore::open(&self.path())
    }

    fn address(&self) -> Option<String> {
        self.path().to_str().map(str::to_owned)
    }

    fn open_at(address: &str) -> Result<JsonFileStore> {
        JsonFileStore::open(Path::new(address))
    }
}

certbind_conformance::suite!(json_file, InFolder);

//! The suite over the library, loaded by its path.

#![expect(unsafe_code, reason = "loads a library")]

mod common;

use std::ffi::CString;
use std::os::raw::c_char;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use certbind_conformance::{Fixture, Redeclared};
use certbind_core::Result;
use certbind_httpsys::{HttpSysStore, LibraryApi};
use libloading::{Library, Symbol};
use tempfile::TempDir;

/// Copies of the library: each has a simulator of its own, as each process has. They are reused,
/// since a loaded library is never unloaded.
static COPIES: Mutex<Vec<Arc<Copied>>> = Mutex::new(Vec::new());

struct Copied {
    api: Arc<LibraryApi>,
    library: Library,
    _folder: TempDir,
}

impl Copied {
    fn load() -> Arc<Self> {
        let folder = TempDir::new().expect("a temporary directory");
        let path: PathBuf = folder
            .path()
            .join(common::library().file_name().expect("a name"));
        std::fs::copy(common::library(), &path).expect("the library is copied");
        // SAFETY: it is the library that was just built, which does nothing when it is loaded.
        let library = unsafe { Library::new(&path) }.expect("the library loads");
        // SAFETY: it has the interface of the HTTP Server API.
        let api = unsafe { LibraryApi::load(&path) }.expect("the library loads");
        Arc::new(Self {
            api: Arc::new(api),
            library,
            _folder: folder,
        })
    }

    fn reset(&self) {
        type Configure = unsafe extern "C" fn(*const c_char) -> u32;
        // SAFETY: the function is of this type.
        let configure: Symbol<'_, Configure> =
            unsafe { self.library.get(b"CertbindHttpApiConfigure\0") }.expect("it is exported");
        let memory = CString::new("memory:").expect("no NUL");
        // SAFETY: a string with a NUL at its end.
        let code = unsafe { configure(memory.as_ptr()) };
        assert_eq!(code, 0);
    }
}

struct Host {
    copied: Arc<Copied>,
    journal: TempDir,
}

impl Fixture for Host {
    /// No other process reaches a copy of the library: its simulator is in memory.
    type Store = Redeclared<HttpSysStore<Arc<LibraryApi>>>;

    /// Under Wine each sync of the journal takes longer.
    const MAX_KEYS: usize = if cfg!(windows) { 400 } else { 10_000 };

    /// A batch of thousands takes as many calls, each of which the simulator writes to its database.
    const TIME_LIMIT: Duration = Duration::from_secs(300);

    /// Builds the library, which is no part of the time that a check may take.
    fn is_available() -> bool {
        common::library().is_file()
    }

    fn new() -> Self {
        let free = COPIES.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let copied = free.unwrap_or_else(Copied::load);
        copied.reset();
        let journal = TempDir::new().expect("a temporary directory");
        Self { copied, journal }
    }

    fn open(&self) -> Result<Self::Store> {
        let journal = self.journal.path().to_owned();
        let store = HttpSysStore::builder(Arc::clone(&self.copied.api))
            .journal(journal)
            .open()?;
        Ok(Redeclared::new(store, |declared| {
            declared.with_multi_process(false)
        }))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
        copies.push(Arc::clone(&self.copied));
    }
}

certbind_conformance::suite!(
    library,
    Host,
    durability_not_checked = "the library is part of the process"
);

//! Stores, named by their URLs and opened by the registered backends.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use certbind_backends::{Access, CheckReport, Memory, OpenStore, StoreBackend, UrlError};
use certbind_core::history::History;
use certbind_core::{BindingStore, StoreError};
use certbind_formats::netsh::Layout;
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::{Accounts, Simulator};

use crate::data_directory::data_directory;
use crate::error::Error;
use crate::layout;
use crate::netsh::Profile;
use crate::recording::Recording;
use crate::registry::registry;
use crate::simulated_host::SimulatedHost;
use crate::store_mistakes;

/// Whether `--create` was given.
static CREATES_FOLDERS: AtomicBool = AtomicBool::new(false);

/// Allows that new stores are created with their folders.
pub(crate) fn create_folders() {
    CREATES_FOLDERS.store(true, Ordering::Relaxed);
}

/// The URL of a store: its backend, and the address there.
#[derive(Clone)]
pub(crate) struct StoreUrl {
    backend: &'static dyn StoreBackend,
    address: String,
}

impl FromStr for StoreUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let parsed = registry().parse(url);
        let (backend, address) = parsed.map_err(|error| match error {
            UrlError::Scheme(_) => match store_mistakes::of_url(url) {
                Some(mistake) => mistake,
                None => error.to_string(),
            },
            error => error.to_string(),
        })?;
        Ok(Self::new(backend, address))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.backend.display(&self.address))
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for StoreUrl {
    fn eq(&self, other: &Self) -> bool {
        self.backend.scheme() == other.backend.scheme() && self.address == other.address
    }
}

impl Eq for StoreUrl {}

impl StoreUrl {
    fn new(backend: &'static dyn StoreBackend, address: &str) -> Self {
        Self {
            backend,
            address: address.to_owned(),
        }
    }

    /// The store that a file is.
    pub(crate) fn of_file(backend: &'static dyn StoreBackend, path: &Path) -> Option<Self> {
        Some(Self::new(backend, path.to_str()?))
    }

    /// On Windows the system's bindings, elsewhere the file `certbind/bindings.redb` in the user's
    /// data directory.
    pub(crate) fn default() -> Result<Self, Error> {
        let url = match cfg!(windows) {
            true => "httpsys:".to_owned(),
            false => format!("redb:{}", data_directory()?.join("bindings.redb").display()),
        };
        url.parse().map_err(|problem| Error::Environment {
            variable: "CERTBIND_STORE",
            problem,
        })
    }

    /// An empty store in place of one that does not exist.
    pub(crate) fn memory() -> Self {
        Self::new(&Memory, "")
    }

    /// The host whose bindings the store has, if the URL contains it.
    pub(crate) fn host(&self) -> Option<String> {
        self.backend.host(&self.address)
    }

    /// The URL with an absolute path.
    pub(crate) fn absolute(&self) -> String {
        let address = self.backend.absolute(&self.address, Path::new(""));
        self.backend.display(&address)
    }

    /// The files that change whenever the store does, if the backend has any.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.backend.files(&self.address)
    }

    /// A new store is not created in a folder that does not exist, unless `--create` is given: its name may
    /// be misspelled. The default store's folder is created.
    fn check_folder(&self) -> Result<(), Error> {
        let files = self.files();
        let folder = files.first().and_then(|path| path.parent());
        let is_missing = |folder: &&Path| {
            !folder.as_os_str().is_empty() && matches!(folder.try_exists(), Ok(false))
        };
        match folder.filter(is_missing) {
            Some(folder)
                if !CREATES_FOLDERS.load(Ordering::Relaxed)
                    && Self::default().is_ok_and(|default| *self != default) =>
            {
                Err(Error::NoFolderOfStore {
                    folder: folder.to_owned(),
                    nearest: store_mistakes::nearest(folder),
                })
            }
            _ => Ok(()),
        }
    }

    /// Whether a plan file may select this store by itself.
    pub(crate) fn may_be_named_by_plans(&self) -> bool {
        self.backend.may_be_named_by_plans(&self.address)
    }

    /// The file that the store is, if it is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.files().into_iter().next()
    }

    /// The HTTP Server API at this URL, without opening a store.
    pub(crate) fn api(&self) -> Option<Result<Arc<dyn HttpApi>, StoreError>> {
        self.backend.api(&self.address)
    }

    /// The Windows release whose netsh is emulated by default.
    pub(crate) fn netsh_profile(&self) -> Option<Profile> {
        self.simulated_host()?.profile()
    }

    /// The accounts of a simulated host: those of its configuration, or of this process.
    pub(crate) fn accounts(&self) -> Accounts {
        let host = self.simulated_host();
        host.map_or_else(Accounts::of_process, |host| host.accounts())
    }

    /// The store of the records of a simulated HTTP.sys, if that is a file; else this store.
    pub(crate) fn records(&self) -> Self {
        let configuration = self.backend.simulator_configuration(&self.address);
        let store = configuration.and_then(|it| Self::of_simulator(&it));
        let store = store.filter(|store| !store.files().is_empty());
        store.unwrap_or_else(|| self.clone())
    }

    /// The store of a simulator's configuration, which is a URL, or a file that has one.
    fn of_simulator(configuration: &Path) -> Option<Self> {
        if let Some(url) = configuration.to_str().and_then(|text| text.parse().ok()) {
            return Some(url);
        }
        let store: Self = SimulatedHost::read(configuration).store()?.parse().ok()?;
        let folder = configuration.parent().unwrap_or(Path::new(""));
        let address = store.backend.absolute(&store.address, folder);
        Some(Self::new(store.backend, &address))
    }

    fn simulated_host(&self) -> Option<SimulatedHost> {
        let configuration = self.backend.simulator_configuration(&self.address)?;
        Some(SimulatedHost::read(&configuration))
    }
}

/// A store that was opened.
pub(crate) struct Opened(OpenStore);

impl Opened {
    /// Only `certbind record` changes a recording.
    pub(crate) fn open(url: &StoreUrl, access: Access) -> Result<Self, Error> {
        let store = Self::open_recording(url, access)?;
        if access != Access::Read {
            store.refuse_recording(url)?;
        }
        Ok(store)
    }

    /// Opens a store for a change that is only shown: as [`Opened::open`] with [`Access::Change`], and
    /// nothing can be written.
    pub(crate) fn open_for_preview(url: &StoreUrl) -> Result<Self, Error> {
        let store = Self::open_recording(url, Access::Read)?;
        store.refuse_recording(url)?;
        Ok(store)
    }

    /// As [`Opened::open_for_preview`], with an empty store in place of one that would be created.
    pub(crate) fn open_or_empty_for_preview(url: &StoreUrl) -> Result<Self, Error> {
        match Self::open_for_preview(url) {
            Err(Error::NoStore { .. }) => {
                url.check_folder()?;
                Self::open(&StoreUrl::memory(), Access::Create)
            }
            opened => opened,
        }
    }

    fn refuse_recording(&self, url: &StoreUrl) -> Result<(), Error> {
        match self.recording()? {
            Some(recording) => Err(Error::ChangesRecording {
                store: url.to_string(),
                host: recording.host,
            }),
            None => Ok(()),
        }
    }

    /// Opens a store that may be a recording, to record.
    pub(crate) fn open_recording(url: &StoreUrl, access: Access) -> Result<Self, Error> {
        if access == Access::Create {
            url.check_folder()?;
        }
        let opened = url.backend.open(&url.address, access);
        let opened = opened.map_err(|error| match (&error, url.files().first()) {
            (StoreError::Corrupt { .. }, Some(path)) if store_mistakes::is_export(path) => {
                Error::ExportAsStore { path: path.clone() }
            }
            _ => error.into(),
        })?;
        match opened {
            Some(store) => Ok(Self(store)),
            None => {
                let location = url.backend.location(&url.address);
                let next_step = match url.files().first() {
                    Some(file) => store_mistakes::missing_file(file),
                    None if url.backend.scheme() == "etcd" => {
                        store_mistakes::missing_host(&location)
                    }
                    None => store_mistakes::CREATE.to_owned(),
                };
                Err(Error::NoStore {
                    path: location.into(),
                    next_step,
                })
            }
        }
    }

    /// Opens a store whose WAL is missing or damaged, as of its last checkpoint. The WAL is discarded.
    pub(crate) fn open_discarding_wal(url: &StoreUrl) -> Result<Self, StoreError> {
        url.backend.open_discarding_wal(&url.address).map(Self)
    }

    pub(crate) fn into_shared(self) -> Arc<dyn BindingStore> {
        Arc::clone(self.0.bindings())
    }

    pub(crate) fn bindings(&self) -> &dyn BindingStore {
        &**self.0.bindings()
    }

    /// The HTTP Server API for the other service configuration: the store's own, or a simulated one over
    /// its tables. `None` if the store has neither.
    pub(crate) fn api(&self) -> Option<Arc<dyn HttpApi>> {
        if let Some(api) = self.0.api() {
            return Some(Arc::clone(api));
        }
        let tables = Arc::clone(self.0.tables()?);
        let simulator = Simulator::new(Arc::clone(self.0.bindings()));
        Some(Arc::new(simulator.tables(tables)))
    }

    /// Whether that is known to be simulated. The store's own API is where a simulator is configured.
    pub(crate) fn is_simulated(&self, url: &StoreUrl) -> bool {
        self.0.api().is_none() || url.simulated_host().is_some()
    }

    /// The history of the bindings, if the store can keep one.
    pub(crate) fn history(&self) -> Option<&dyn History> {
        self.0.history().map(|history| &**history)
    }

    /// The store's metadata about the recorded host, if it is a recording.
    pub(crate) fn recording(&self) -> Result<Option<Recording>, StoreError> {
        match self.0.tables() {
            Some(tables) if self.0.history().is_some() => Recording::read(&**tables),
            _ => Ok(None),
        }
    }

    /// Replaces that.
    pub(crate) fn set_recording(&self, recording: &Recording) -> Result<(), StoreError> {
        match self.0.tables() {
            Some(tables) => recording.write(&**tables),
            None => Ok(()),
        }
    }

    /// Verifies the whole store.
    pub(crate) fn check(&self) -> Result<CheckReport, Error> {
        Ok(self.0.check()?)
    }

    /// The layout of the listing that the store was last imported from.
    pub(crate) fn layout(&self) -> Result<Option<Layout>, Error> {
        match self.0.layout_file() {
            Some((path, store)) => layout::read(path, store),
            None => Ok(None),
        }
    }

    /// Saves the layout of the listing that the store was imported from.
    pub(crate) fn set_layout(&self, layout: &Layout) -> Result<(), Error> {
        match self.0.layout_file() {
            Some((path, store)) => layout::write(path, store, layout),
            None => Ok(()),
        }
    }
}

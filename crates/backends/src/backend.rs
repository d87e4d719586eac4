//! The trait of a backend: how its stores are named, opened and recognized.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_core::StoreError;
use certbind_httpapi_abi::HttpApi;

use crate::open_store::OpenStore;

/// A backend, selected by the scheme of a store's URL: `SCHEME:ADDRESS`.
///
/// `certbind::main_with` adds backends to those of the program. This trait covers all differences
/// between stores: the help, how a store is opened, which files are stores (and are therefore never
/// overwritten), and whether it contains the other service configuration of HTTP.sys.
///
/// ```
/// use std::sync::Arc;
///
/// use certbind_backends::{Access, OpenStore, Registry, StoreBackend};
/// use certbind_core::{MemoryStore, StoreError};
///
/// /// A store that forgets everything.
/// struct Scratch;
///
/// impl StoreBackend for Scratch {
///     fn scheme(&self) -> &'static str {
///         "scratch"
///     }
///
///     fn help(&self) -> &'static [(&'static str, &'static str)] {
///         &[("scratch:", "an empty store, for experiments")]
///     }
///
///     fn open(&self, _: &str, _: Access) -> Result<Option<OpenStore>, StoreError> {
///         Ok(Some(OpenStore::new(Arc::new(MemoryStore::new()))))
///     }
/// }
///
/// let registry = Registry::new([&Scratch as &dyn StoreBackend]);
/// let (backend, address) = registry.parse("scratch:")?;
/// assert!(backend.open(address, Access::Read)?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait StoreBackend: Send + Sync {
    /// The scheme of the URLs, without the colon. At least two letters: one is a drive of Windows.
    fn scheme(&self) -> &'static str;

    /// The forms of the URL and their meaning, for `certbind help stores`.
    fn help(&self) -> &'static [(&'static str, &'static str)];

    /// Checks the address, which is the URL after the scheme and the colon.
    ///
    /// # Errors
    /// The message for the user: the expected address.
    fn check_address(&self, _address: &str) -> Result<(), String> {
        Ok(())
    }

    /// The URL for output: without secrets.
    fn display(&self, address: &str) -> String {
        format!("{}:{address}", self.scheme())
    }

    /// The place of a store, for messages: a path, or the URL.
    fn location(&self, address: &str) -> String {
        self.display(address)
    }

    /// The host whose bindings the store has, if the address contains it.
    fn host(&self, _address: &str) -> Option<String> {
        None
    }

    /// The address with an absolute path, if it contains a path: one that is relative to `folder`.
    fn absolute(&self, address: &str, _folder: &Path) -> String {
        address.to_owned()
    }

    /// Opens a store. `None`: there is no store at the address, and `access` does not create one.
    ///
    /// # Errors
    /// Any error that prevents it.
    fn open(&self, address: &str, access: Access) -> Result<Option<OpenStore>, StoreError>;

    /// Opens the store in which a library keeps the records of a simulated host, in the process of
    /// another program. The store is created if there is none, and is not closed when the process ends.
    ///
    /// Override it if an open store excludes other processes ([`Sharing::Shared`]), or if files
    /// remain when a store is not closed.
    ///
    /// # Errors
    /// Any error that prevents it.
    fn open_embedded(&self, address: &str, _sharing: Sharing) -> Result<OpenStore, StoreError> {
        let opened = self.open(address, Access::Create)?;
        opened.ok_or_else(|| StoreError::Unsupported {
            what: format!("creating {}", self.display(address)).into(),
        })
    }

    /// Opens a store whose write-ahead log is missing or damaged, as of its last checkpoint.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] if the backend has no write-ahead log.
    fn open_discarding_wal(&self, _address: &str) -> Result<OpenStore, StoreError> {
        Err(StoreError::Unsupported {
            what: format!("--discard-wal ({}: stores have no WAL)", self.scheme()).into(),
        })
    }

    /// Whether a file is a store of this backend. Output never overwrites it, and commands that accept
    /// exports open it as a store; its path is then the address.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn owns(&self, _file: &Path) -> io::Result<bool> {
        Ok(false)
    }

    /// Whether a file belongs to a store of this backend without being the store itself: a
    /// write-ahead log, a journal, a lock. Output never overwrites it, and never uses its name
    /// while it does not exist.
    ///
    /// # Errors
    /// If a file cannot be read.
    fn owns_part(&self, _file: &Path) -> io::Result<bool> {
        Ok(false)
    }

    /// The files that change whenever the store does. `certbind serve` watches them instead of the
    /// store, and opens the store when one has changed. Without files, the store stays open and is
    /// scanned.
    fn files(&self, _address: &str) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Whether a plan file may select the store by its address. Not if opening it runs code or sends
    /// credentials to a server.
    fn may_be_named_by_plans(&self, _address: &str) -> bool {
        false
    }

    /// The HTTP Server API at the address, without opening a store.
    fn api(&self, _address: &str) -> Option<Result<Arc<dyn HttpApi>, StoreError>> {
        None
    }

    /// The configuration of the simulator whose library is at the address, if it is one: the path of a file,
    /// or the URL of a store. It selects the netsh that is emulated by default, and the accounts that netsh
    /// knows.
    fn simulator_configuration(&self, _address: &str) -> Option<PathBuf> {
        None
    }
}

/// How a command uses a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It reads a store, which has to exist.
    Read,
    /// It changes a store, which has to exist.
    Change,
    /// It adds to a store, and creates one if there is none.
    Create,
}

/// Whether other processes may use an embedded store at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// This process alone uses the store.
    Exclusive,
    /// Several processes use the store, as they use the one HTTP.sys of a host.
    Shared,
}

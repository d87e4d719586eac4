//! Backends of the program: how a store is named, opened and recognized.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_core::{BindingStore, StoreError, Tables, Uuid};
use certbind_httpapi_abi::HttpApi;
use serde::Serialize;

use crate::netsh::Profile;

/// A backend, selected by the scheme of a store's URL: `SCHEME:ADDRESS`.
///
/// [`main_with`](crate::main_with) adds backends to those of the program. Everything in which stores
/// differ is asked here: the help, how a store is opened, which files are stores (and are therefore
/// never overwritten), and whether it holds the other service configuration of HTTP.sys.
///
/// ```
/// use std::sync::Arc;
///
/// use certbind::{Access, OpenStore, StoreBackend};
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
/// let arguments = ["certbind", "list", "--store", "scratch:"].map(Into::into);
/// let code = certbind::main_with(&[&Scratch], arguments);
/// assert_eq!(code, std::process::ExitCode::SUCCESS);
/// ```
pub trait StoreBackend: Send + Sync {
    /// The scheme of the URLs, without the colon. At least two letters: one is a drive of Windows.
    fn scheme(&self) -> &'static str;

    /// The forms of the URL and their meaning, for `certbind help stores`.
    fn help(&self) -> &'static [(&'static str, &'static str)];

    /// Checks the address, which is the URL after the scheme and the colon.
    ///
    /// # Errors
    /// The message for the user: what was expected.
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

    /// The URL for files that are read in another folder: with an absolute path.
    fn absolute(&self, address: &str) -> String {
        self.display(address)
    }

    /// Opens a store. `None`: there is no store at the address, and `access` does not create one.
    ///
    /// # Errors
    /// Any error that prevents it.
    fn open(&self, address: &str, access: Access) -> Result<Option<OpenStore>, StoreError>;

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

    /// Whether a plan file may select the store by its address. Not if opening it runs code or sends
    /// credentials to a server.
    fn may_be_named_by_plans(&self, _address: &str) -> bool {
        false
    }

    /// The HTTP Server API at the address, without opening a store.
    fn api(&self, _address: &str) -> Option<Result<Arc<dyn HttpApi>, StoreError>> {
        None
    }

    /// The Windows release whose netsh is emulated by default.
    fn netsh_profile(&self, _address: &str) -> Option<Profile> {
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

/// A store that was opened.
pub struct OpenStore {
    pub(crate) bindings: Arc<dyn BindingStore>,
    pub(crate) tables: Option<Arc<dyn Tables>>,
    pub(crate) api: Option<Arc<dyn HttpApi>>,
    pub(crate) verify: Option<Box<Verify>>,
    pub(crate) layout_file: Option<(PathBuf, Uuid)>,
}

type Verify = dyn Fn() -> Result<CheckReport, StoreError> + Send + Sync;

impl OpenStore {
    /// A store of bindings alone.
    #[must_use]
    pub fn new(bindings: Arc<dyn BindingStore>) -> Self {
        Self {
            bindings,
            tables: None,
            api: None,
            verify: None,
            layout_file: None,
        }
    }

    /// The other service configuration of HTTP.sys, such as URL reservations. Without tables, commands
    /// of netsh that need them are errors.
    #[must_use]
    pub fn with_tables(self, tables: Arc<dyn Tables>) -> Self {
        Self {
            tables: Some(tables),
            ..self
        }
    }

    /// The HTTP Server API of the store. Otherwise it is simulated over bindings and tables.
    #[must_use]
    pub fn with_api(self, api: Arc<dyn HttpApi>) -> Self {
        Self {
            api: Some(api),
            ..self
        }
    }

    /// How `certbind check` verifies the store. Otherwise it reads every binding.
    #[must_use]
    pub fn with_check(
        self,
        verify: impl Fn() -> Result<CheckReport, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            verify: Some(Box::new(verify)),
            ..self
        }
    }

    /// A file for the layout of the last imported listing, and the id of the store that it belongs to.
    #[must_use]
    pub fn with_layout_file(self, path: PathBuf, store: Uuid) -> Self {
        Self {
            layout_file: Some((path, store)),
            ..self
        }
    }
}

impl fmt::Debug for OpenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenStore").finish_non_exhaustive()
    }
}

/// The result of verifying a store.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CheckReport {
    /// The number of intact bindings.
    pub bindings: u64,
    /// The revision, if the store numbers them.
    pub revision: Option<u64>,
    /// What is damaged.
    pub problems: Vec<String>,
}

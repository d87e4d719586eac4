//! Opening a store by its URL: the one place that knows every backend.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use certbind_core::{BindingStore, MemoryStore, MemoryTables, Scan, StoreError};
#[cfg(feature = "etcd")]
use certbind_etcd::{EtcdBuilder, EtcdStore, EtcdUrl};
use certbind_formats::netsh::Layout;
use certbind_httpapi_abi::HttpApi;
use certbind_httpsys::{HttpSysStore, LibraryApi};
use certbind_redb::RedbStore;
use certbind_simulator::Simulator;
use etcetera::BaseStrategy;
use serde::Serialize;

use crate::error::{Error, warn};
use crate::layout;
use crate::terminal::escaped;

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreUrl {
    /// A redb file.
    Redb(PathBuf),
    /// An empty store in memory.
    Memory,
    /// The HTTP Server API: the system's, or that of a library.
    HttpSys(Option<PathBuf>),
    /// A host in etcd.
    #[cfg(feature = "etcd")]
    Etcd(Box<EtcdUrl>),
}

impl FromStr for StoreUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        match url.split_once(':') {
            Some(("redb", path)) if !path.is_empty() => Ok(Self::Redb(path.into())),
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("httpsys", "")) => Ok(Self::HttpSys(None)),
            Some(("httpsys", library)) => Ok(Self::HttpSys(Some(library.into()))),
            #[cfg(feature = "etcd")]
            Some(("etcd", _)) => etcd_url(url).map(|url| Self::Etcd(Box::new(url))),
            #[cfg(not(feature = "etcd"))]
            Some(("etcd", _)) => Err("this certbind was built without etcd".to_owned()),
            _ => Err(
                "expected redb:PATH, httpsys:, httpsys:LIBRARY, etcd://ENDPOINT/HOST or memory:"
                    .to_owned(),
            ),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redb(path) => write!(f, "redb:{}", path.display()),
            Self::Memory => f.write_str("memory:"),
            Self::HttpSys(None) => f.write_str("httpsys:"),
            Self::HttpSys(Some(library)) => write!(f, "httpsys:{}", library.display()),
            #[cfg(feature = "etcd")]
            Self::Etcd(url) => url.fmt(f),
        }
    }
}

impl StoreUrl {
    /// On Windows the system's bindings, elsewhere the file `certbind/bindings.redb` in the user's
    /// data directory.
    pub(crate) fn default() -> Result<Self, StoreError> {
        if cfg!(windows) {
            return Ok(Self::HttpSys(None));
        }
        Ok(Self::Redb(data_directory()?.join("bindings.redb")))
    }
}

/// The folder `certbind` in the user's data directory.
pub(crate) fn data_directory() -> Result<PathBuf, StoreError> {
    let base = etcetera::choose_base_strategy().map_err(|error| StoreError::Unsupported {
        what: format!("a store without --store ({error})").into(),
    })?;
    Ok(base.data_dir().join("certbind"))
}

/// What a command is going to do with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read it. It has to exist.
    Read,
    /// Change what it holds. It has to exist.
    Change,
    /// Put something into it. It is made if it does not exist.
    Fill,
}

/// A store that was opened.
pub(crate) enum Opened {
    /// A redb file.
    Redb(Arc<RedbStore>),
    /// A store in memory.
    Memory(Arc<MemoryStore>),
    /// The HTTP Server API.
    HttpSys(HttpSysStore<Arc<LibraryApi>>),
    /// A host in etcd.
    #[cfg(feature = "etcd")]
    Etcd(EtcdStore),
}

impl Opened {
    pub(crate) fn open(url: &StoreUrl, access: Access) -> Result<Self, Error> {
        Ok(match (url, access) {
            (StoreUrl::Memory, _) => Self::Memory(Arc::default()),
            (StoreUrl::HttpSys(library), _) => Self::HttpSys(http_sys(library.as_deref())?),
            #[cfg(feature = "etcd")]
            (StoreUrl::Etcd(url), access) => Self::Etcd(etcd(url, access)?),
            (StoreUrl::Redb(path), Access::Fill) => {
                make_parent(path)?;
                Self::Redb(Arc::new(RedbStore::open(path)?))
            }
            // What cannot be looked for, such as in a folder of somebody else's, opening tells.
            (StoreUrl::Redb(path), _) if matches!(path.try_exists(), Ok(false)) => {
                return Err(Error::NoStore { path: path.clone() });
            }
            (StoreUrl::Redb(path), Access::Read) => {
                Self::Redb(Arc::new(RedbStore::open_read_only(path)?))
            }
            (StoreUrl::Redb(path), Access::Change) => {
                Self::Redb(Arc::new(RedbStore::open_existing(path)?))
            }
        })
    }

    /// Opens a store whose WAL is missing or damaged, as of its last checkpoint. The WAL is discarded.
    pub(crate) fn open_discarding_wal(url: &StoreUrl) -> Result<Self, StoreError> {
        let StoreUrl::Redb(path) = url else {
            return Err(StoreError::Unsupported {
                what: "--discard-wal (only redb stores have a WAL)".into(),
            });
        };
        let builder = RedbStore::builder().discard_wal();
        Ok(Self::Redb(Arc::new(builder.open_existing(path)?)))
    }

    /// The store, for whoever keeps it.
    pub(crate) fn into_shared(self) -> Arc<dyn BindingStore> {
        match self {
            Self::Redb(store) => store,
            Self::Memory(store) => store,
            Self::HttpSys(store) => Arc::new(store),
            #[cfg(feature = "etcd")]
            Self::Etcd(store) => Arc::new(store),
        }
    }

    /// The store, for everything that every store can do.
    pub(crate) fn bindings(&self) -> &dyn BindingStore {
        match self {
            Self::Redb(store) => &**store,
            Self::Memory(store) => &**store,
            Self::HttpSys(store) => store,
            #[cfg(feature = "etcd")]
            Self::Etcd(store) => store,
        }
    }

    /// The HTTP Server API by which what HTTP.sys is configured with beside bindings is set and asked
    /// for: the store's own, or a simulated one over what the store keeps.
    pub(crate) fn api(&self) -> Option<Arc<dyn HttpApi>> {
        match self {
            Self::Redb(store) => {
                let simulator = Simulator::new(Arc::clone(store) as _);
                Some(Arc::new(simulator.tables(Arc::clone(store) as _)))
            }
            Self::Memory(store) => {
                let simulator = Simulator::new(Arc::clone(store) as _);
                Some(Arc::new(simulator.tables(Arc::new(MemoryTables::new()))))
            }
            Self::HttpSys(store) => Some(Arc::clone(store.api()) as _),
            #[cfg(feature = "etcd")]
            Self::Etcd(_) => None,
        }
    }

    /// Reads the whole store anew.
    pub(crate) fn check(&self) -> Result<Check, Error> {
        match self {
            Self::Redb(store) => {
                let report = store.check()?;
                Ok(Check {
                    bindings: report.bindings,
                    revision: Some(report.revision),
                    problems: report.problems,
                })
            }
            #[cfg(feature = "etcd")]
            Self::Etcd(store) => Ok(Check {
                revision: store.revision()?,
                ..self.count()?
            }),
            Self::Memory(_) | Self::HttpSys(_) => self.count(),
        }
    }

    /// Reads every binding. The first that is damaged ends it.
    fn count(&self) -> Result<Check, Error> {
        let mut check = Check {
            bindings: 0,
            revision: None,
            problems: Vec::new(),
        };
        for binding in self.bindings().scan(&Scan::all())? {
            match binding {
                Ok(_) => check.bindings += 1,
                Err(damage @ StoreError::Corrupt { .. }) => check.problems.push(damage.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(check)
    }

    /// The layout of the listing that the store was last imported from.
    pub(crate) fn layout(&self) -> Result<Option<Layout>, Error> {
        match self {
            Self::Redb(store) => layout::read(store),
            _ => Ok(None),
        }
    }

    /// Keeps the layout of the listing that the store was imported from.
    pub(crate) fn set_layout(&self, layout: &Layout) -> Result<(), Error> {
        match self {
            Self::Redb(store) => layout::write(store, layout),
            _ => Ok(()),
        }
    }
}

/// What a check of a store found.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) bindings: u64,
    pub(crate) revision: Option<u64>,
    pub(crate) problems: Vec<String>,
}

/// The URL of a host. A fleet is no store.
#[cfg(feature = "etcd")]
pub(crate) fn etcd_url(url: &str) -> Result<EtcdUrl, String> {
    let parsed: EtcdUrl = url
        .parse()
        .map_err(|error: certbind_etcd::UrlError| error.to_string())?;
    match parsed.host() {
        Some(_) => Ok(parsed),
        None => Err("the URL names no host: etcd://ENDPOINT/HOST".to_owned()),
    }
}

#[cfg(feature = "etcd")]
pub(crate) fn etcd(url: &EtcdUrl, access: Access) -> Result<EtcdStore, Error> {
    let absent = || Error::NoStore {
        path: url.to_string().into(),
    };
    let store = etcd_builder(url)?.open(url.host().ok_or_else(absent)?)?;
    if access != Access::Fill && store.revision()?.is_none() {
        return Err(absent());
    }
    Ok(store)
}

/// The builder for a URL and the process's environment. Warnings are reported.
#[cfg(feature = "etcd")]
pub(crate) fn etcd_builder(url: &EtcdUrl) -> Result<EtcdBuilder, StoreError> {
    let (builder, warnings) = url.builder(|variable| std::env::var(variable).ok())?;
    for warning in warnings {
        warn(&escaped(&warning.to_string()));
    }
    Ok(builder)
}

fn make_parent(path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::create_dir_all(parent)
            .map_err(|error| StoreError::io("make the directory", parent, error)),
        _ => Ok(()),
    }
}

/// The bindings of HTTP.sys. What an unfinished batch of an earlier run left is put right first.
fn http_sys(library: Option<&Path>) -> Result<HttpSysStore<Arc<LibraryApi>>, Error> {
    let journal = journal(library)?;
    std::fs::create_dir_all(&journal)
        .map_err(|error| StoreError::io("make the directory", &journal, error))?;
    let store = HttpSysStore::builder(Arc::new(load(library)?))
        .journal(journal)
        .open()?;
    for left in store.recovery().conflicts {
        let what = "was changed by another program after a batch that was cut short";
        warn(&escaped(&format!(
            "{} {what}; it is left as it is",
            left.key
        )));
    }
    Ok(store)
}

/// Where batches are kept that are under way. What lies there is put into effect, so nobody but
/// administrators may write to it: on Windows that is so below `Program Files`.
fn journal(library: Option<&Path>) -> Result<PathBuf, StoreError> {
    if let Some(folder) = std::env::var_os("CERTBIND_JOURNAL") {
        return Ok(folder.into());
    }
    match (library, std::env::var_os("ProgramFiles")) {
        (None, Some(programs)) => Ok(Path::new(&programs).join("certbind").join("journal")),
        _ => Ok(data_directory()?.join("journal")),
    }
}

pub(crate) fn load(library: Option<&Path>) -> Result<LibraryApi, StoreError> {
    match library {
        Some(path) => {
            #[expect(unsafe_code, reason = "a library's code runs when it is loaded")]
            // SAFETY: the user names the library, and vouches for it as for a program to run.
            unsafe {
                LibraryApi::load(path)
            }
        }
        #[cfg(windows)]
        None => LibraryApi::system(),
        #[cfg(not(windows))]
        None => Err(StoreError::Unsupported {
            what: "httpsys: (this is not Windows; name a library, httpsys:PATH)".into(),
        }),
    }
}

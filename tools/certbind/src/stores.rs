//! Opening a store by its URL: the one place that knows every backend.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use backend_redb::RedbStore;
use etcetera::BaseStrategy;
use interchange::netsh::Layout;
use serde::Serialize;
use store_core::{BindingStore, MemoryStore, Scan, StoreError};

use crate::error::Error;
use crate::layout;

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreUrl {
    /// A redb file.
    Redb(PathBuf),
    /// An empty store in memory.
    Memory,
}

impl FromStr for StoreUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        match url.split_once(':') {
            Some(("redb", path)) if !path.is_empty() => Ok(Self::Redb(path.into())),
            Some(("memory", "")) => Ok(Self::Memory),
            _ => Err("a store is redb:PATH or memory:".to_owned()),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redb(path) => write!(f, "redb:{}", path.display()),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

impl StoreUrl {
    /// The file `certbind/bindings.redb` in the user's data directory.
    pub(crate) fn default() -> Result<Self, StoreError> {
        let base = etcetera::choose_base_strategy().map_err(|error| StoreError::Unsupported {
            what: format!("a store without --store ({error})").into(),
        })?;
        Ok(Self::Redb(
            base.data_dir().join("certbind").join("bindings.redb"),
        ))
    }
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
    Redb(RedbStore),
    /// A store in memory.
    Memory(MemoryStore),
}

impl Opened {
    pub(crate) fn open(url: &StoreUrl, access: Access) -> Result<Self, Error> {
        Ok(match (url, access) {
            (StoreUrl::Memory, _) => Self::Memory(MemoryStore::new()),
            (StoreUrl::Redb(path), Access::Fill) => {
                make_parent(path)?;
                Self::Redb(RedbStore::open(path)?)
            }
            (StoreUrl::Redb(path), _) if !path.exists() => {
                return Err(Error::NoStore { path: path.clone() });
            }
            (StoreUrl::Redb(path), Access::Read) => Self::Redb(RedbStore::open_read_only(path)?),
            (StoreUrl::Redb(path), Access::Change) => Self::Redb(RedbStore::open_existing(path)?),
        })
    }

    /// The store, for everything that every store can do.
    pub(crate) fn bindings(&self) -> &dyn BindingStore {
        match self {
            Self::Redb(store) => store,
            Self::Memory(store) => store,
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
            Self::Memory(store) => Ok(Check {
                bindings: store.scan(&Scan::all())?.count() as u64,
                revision: None,
                problems: Vec::new(),
            }),
        }
    }

    /// The layout of the listing that the store was last imported from.
    pub(crate) fn layout(&self) -> Result<Option<Layout>, Error> {
        match self {
            Self::Redb(store) => layout::read(store),
            Self::Memory(_) => Ok(None),
        }
    }

    /// Keeps the layout of the listing that the store was imported from.
    pub(crate) fn set_layout(&self, layout: &Layout) -> Result<(), Error> {
        match self {
            Self::Redb(store) => layout::write(store, layout),
            Self::Memory(_) => Ok(()),
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

fn make_parent(path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => std::fs::create_dir_all(parent)
            .map_err(|error| StoreError::io("make the directory", parent, error)),
        _ => Ok(()),
    }
}

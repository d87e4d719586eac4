//! The stores that the simulator's records are kept in.

use std::path::Path;
use std::sync::Arc;

use certbind_core::{BindingStore, MemoryStore, MemoryTables, Tables};
use certbind_redb::{ReadMode, RedbStore};

use crate::config_error::ConfigError;
use crate::shared_file::SharedFile;

/// The bindings of a store, and its tables for the other service configuration.
pub(crate) struct OpenStores {
    pub(crate) bindings: Arc<dyn BindingStore>,
    pub(crate) tables: Arc<dyn Tables>,
}

impl OpenStores {
    fn both(store: Arc<impl BindingStore + Tables + 'static>) -> Self {
        Self {
            bindings: Arc::clone(&store) as _,
            tables: store,
        }
    }
}

/// The store of a URL. A path in it is relative to `folder`; one that is shared is kept open for
/// no longer than a call.
pub(crate) fn open(url: &str, folder: &Path, shared: bool) -> Result<OpenStores, ConfigError> {
    match url.split_once(':') {
        Some(("memory", "")) => Ok(OpenStores {
            bindings: Arc::new(MemoryStore::new()),
            tables: Arc::new(MemoryTables::new()),
        }),
        Some(("redb", path)) if !path.is_empty() => {
            let path = folder.join(path);
            if shared {
                return Ok(OpenStores::both(Arc::new(SharedFile::new(path)?)));
            }
            // A library's store is never closed: a log would stay beside the file.
            let builder = RedbStore::builder()
                .read_mode(ReadMode::InMemory)
                .wal_after_commits(None);
            let store = builder.open(path)?;
            Ok(OpenStores::both(Arc::new(store)))
        }
        _ => Err(ConfigError::Store(url.to_owned())),
    }
}

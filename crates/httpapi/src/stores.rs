//! The stores in which the simulator keeps its records.

use std::path::Path;
use std::sync::Arc;

use certbind_backends::{Registry, Sharing};
use certbind_core::{BindingStore, Tables};

use crate::config_error::ConfigError;
use crate::confined;

/// The bindings of a store, and its tables for the other service configuration.
pub(crate) struct OpenStores {
    pub(crate) bindings: Arc<dyn BindingStore>,
    pub(crate) tables: Arc<dyn Tables>,
}

/// Whether a text is the URL of a store, and not the path of a configuration file.
pub(crate) fn is_url(text: &str) -> bool {
    Registry::embedded().is_url(text)
}

/// Opens the store that a configuration file names. Files that it writes have to be below that
/// file's folder.
pub(crate) fn open_confined(
    url: &str,
    folder: &Path,
    sharing: Sharing,
) -> Result<OpenStores, ConfigError> {
    if let Ok((backend, address)) = Registry::embedded().parse(url) {
        for file in backend.files(address) {
            confined::path(folder, &file)?;
        }
    }
    open(url, folder, sharing)
}

/// Opens the store of a URL. A path in it is relative to `folder`.
pub(crate) fn open(url: &str, folder: &Path, sharing: Sharing) -> Result<OpenStores, ConfigError> {
    let registry = Registry::embedded();
    let (backend, address) = registry.parse(url).map_err(|error| ConfigError::Store {
        url: url.to_owned(),
        error,
    })?;
    let store = backend.open_embedded(&backend.absolute(address, folder), sharing)?;
    let tables = store
        .tables()
        .ok_or_else(|| ConfigError::NoTables(url.to_owned()))?;
    Ok(OpenStores {
        bindings: Arc::clone(store.bindings()),
        tables: Arc::clone(tables),
    })
}

//! [`open`]: the store that a URL names.

use std::sync::Arc;

use certbind_backends::{Access, UrlError};
use certbind_core::{BindingStore, StoreError};

use crate::registry::registry;

/// Opens the store that a URL names for changes, and creates it if it does not exist.
///
/// A missing file of `redb:PATH` is created with its folders. An unfinished batch of an earlier
/// process of `httpsys:` is undone. Credentials for `etcd://…` come from the environment, as in the
/// program ([`EtcdUrl`](https://docs.rs/certbind-etcd/latest/certbind_etcd/struct.EtcdUrl.html)).
/// Warnings of the backends `httpsys` and `etcd` are printed on standard error.
///
/// ```
/// let store = certbind::open("memory:")?;
/// assert!(store.capabilities().writable);
/// # Ok::<(), certbind::OpenError>(())
/// ```
///
/// # Errors
/// [`OpenError::Url`] for a URL that no backend accepts, and [`OpenError::Store`] if the backend cannot
/// open the store.
pub fn open(url: &str) -> Result<Arc<dyn BindingStore>, OpenError> {
    open_with(url, Access::Create)
}

/// Opens the store that a URL names, for a kind of access.
///
/// ```
/// use certbind::{Access, OpenError};
///
/// # #[cfg(feature = "redb")]
/// let error = certbind::open_with("redb:no/such/file.redb", Access::Read).err();
/// # #[cfg(feature = "redb")]
/// assert!(matches!(error, Some(OpenError::NotFound { .. })));
/// ```
///
/// # Errors
/// As [`open`], and [`OpenError::NotFound`] if there is no store and `access` is not
/// [`Access::Create`].
pub fn open_with(url: &str, access: Access) -> Result<Arc<dyn BindingStore>, OpenError> {
    let (backend, address) = registry().parse(url)?;
    match backend.open(address, access)? {
        Some(store) => Ok(Arc::clone(store.bindings())),
        None => Err(OpenError::NotFound {
            url: backend.display(address),
        }),
    }
}

/// The reason why a URL does not open as a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No backend accepts the URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// There is no store at the URL.
    #[error("no binding store at {url}; open it with Access::Create to create one")]
    NotFound {
        /// The URL, without secrets.
        url: String,
    },
    /// The backend cannot open the store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

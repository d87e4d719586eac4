//! How a store is opened.

use std::path::PathBuf;

use certbind_core::Result;
use certbind_httpapi_abi::HttpApi;

use crate::store::HttpSysStore;

/// Options of an [`HttpSysStore`], from [`HttpSysStore::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct HttpSysBuilder<A> {
    api: A,
    journal: Option<PathBuf>,
}

impl<A: HttpApi> HttpSysStore<A> {
    /// A builder of a store over this API.
    pub fn builder(api: A) -> HttpSysBuilder<A> {
        HttpSysBuilder { api, journal: None }
    }
}

impl<A: HttpApi> HttpSysBuilder<A> {
    /// The folder of the undo journal, which must hold nothing else. It is created, for its owner
    /// alone, when bindings are first changed. **Without a journal the store is read-only.**
    ///
    /// Only those who may change bindings may write into the folder: a journal that is found there
    /// is replayed. All processes that change bindings through this crate should name the same
    /// folder; they then wait for one another.
    pub fn journal(self, folder: impl Into<PathBuf>) -> Self {
        Self {
            journal: Some(folder.into()),
            ..self
        }
    }

    /// Initialises the HTTP Server API, finds out which kinds of key it supports, and undoes a
    /// batch that was cut off.
    ///
    /// # Errors
    /// [`StoreError::Backend`](certbind_core::StoreError::Backend) if the API does not initialise,
    /// [`StoreError::Unsupported`](certbind_core::StoreError::Unsupported) if it stores nothing, as
    /// Wine's stubs. [`StoreError::Unavailable`](certbind_core::StoreError::Unavailable) if a batch
    /// cannot be undone, [`StoreError::Corrupt`](certbind_core::StoreError::Corrupt) if its journal
    /// is damaged, [`StoreError::InUse`](certbind_core::StoreError::InUse) if another process with
    /// the same folder takes too long over a batch of its own, and any I/O error of the journal.
    pub fn open(self) -> Result<HttpSysStore<A>> {
        HttpSysStore::open(self.api, self.journal)
    }
}

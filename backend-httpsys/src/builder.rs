//! How a store is opened.

use std::path::PathBuf;
use std::time::Duration;

use certbind_core::Result;
use certbind_httpapi_abi::HttpApi;

use crate::store::{HttpSysStore, RecoveryTime};

/// How long the first retry waits, unless the builder says otherwise.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// Options of an [`HttpSysStore`], from [`HttpSysStore::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `open` is called"]
pub struct HttpSysBuilder<A> {
    api: A,
    journal: Option<PathBuf>,
    recovery: RecoveryTime,
    retry_pause: Duration,
}

impl<A: HttpApi> HttpSysStore<A> {
    /// A builder of a store over this API.
    pub fn builder(api: A) -> HttpSysBuilder<A> {
        HttpSysBuilder {
            api,
            journal: None,
            recovery: RecoveryTime::default(),
            retry_pause: RETRY_PAUSE,
        }
    }
}

impl<A: HttpApi> HttpSysBuilder<A> {
    /// The folder of the undo journal, which must not contain other files. It is created, for its
    /// owner alone, when bindings are first changed. **Without a journal the store is read-only.**
    ///
    /// A journal that is found there is replayed. So a folder or a file in it that belongs to
    /// another user, or that others may write to, is refused; on Windows one of SYSTEM, of
    /// Administrators or of TrustedInstaller is accepted as well. All processes that change
    /// bindings through this crate should name the same folder; they then wait for one another.
    pub fn journal(self, folder: impl Into<PathBuf>) -> Self {
        Self {
            journal: Some(folder.into()),
            ..self
        }
    }

    /// When an interrupted batch is undone. By default when the store is opened.
    pub fn recovery(self, recovery: RecoveryTime) -> Self {
        Self { recovery, ..self }
    }

    /// How long to wait before a call that was answered with a transient code is made again, and
    /// before a key is read back again: for the first time, and twice as long each time after. By
    /// default 5 milliseconds.
    pub fn retry_pause(self, retry_pause: Duration) -> Self {
        Self {
            retry_pause,
            ..self
        }
    }

    /// Initialises the HTTP Server API, finds out which kinds of key it supports, and undoes an
    /// interrupted batch, unless another process is changing bindings. If that fails the store
    /// opens read-only, and [`HttpSysStore::take_notices`] returns the reason.
    ///
    /// # Errors
    /// [`StoreError::Backend`](certbind_core::StoreError::Backend) or
    /// [`StoreError::AccessDenied`](certbind_core::StoreError::AccessDenied) if the API does not
    /// initialise or has no bindings,
    /// [`StoreError::Unsupported`](certbind_core::StoreError::Unsupported) if it stores nothing,
    /// like Wine's stubs.
    pub fn open(self) -> Result<HttpSysStore<A>> {
        HttpSysStore::open(self.api, self.journal, self.recovery, self.retry_pause)
    }
}

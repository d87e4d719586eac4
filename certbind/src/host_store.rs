//! The bindings of a host, with what the backend has to say printed as warnings.

use std::path::Path;
use std::sync::Arc;

use certbind_core::{StoreError, forward_binding_store};
use certbind_httpsys::{HttpSysStore, LibraryApi, RecoveryTime};

use crate::error::warn;
use crate::terminal::escaped;

/// The store of the HTTP Server API. When it is dropped, its notices and what it has recovered are
/// printed.
pub(crate) struct HostStore(HttpSysStore<Arc<LibraryApi>>);

forward_binding_store!([] HostStore, |host| &host.0);

impl HostStore {
    /// Reading changes nothing: a batch that was cut off is undone by the first change.
    pub(crate) fn open(api: LibraryApi, journal: &Path, is_read: bool) -> Result<Self, StoreError> {
        let recovery = match is_read {
            true => RecoveryTime::FirstChange,
            false => RecoveryTime::Open,
        };
        let store = HttpSysStore::builder(Arc::new(api)).journal(journal);
        let store = Self(store.recovery(recovery).open()?);
        store.print_notices();
        Ok(store)
    }

    pub(crate) fn api(&self) -> &Arc<LibraryApi> {
        self.0.api()
    }

    fn print_notices(&self) {
        for notice in self.0.take_notices() {
            warn(&escaped(&notice.to_string()));
        }
    }
}

impl Drop for HostStore {
    fn drop(&mut self) {
        self.print_notices();
        let recovery = self.0.recovery();
        for key in &recovery.restored {
            let what = "was given back what it held before a batch that was cut off";
            warn(&escaped(&format!("{key} {what}")));
        }
        for conflict in &recovery.conflicts {
            let what = "was changed by another program after a batch that was cut off";
            warn(&escaped(&format!(
                "{} {what}; it is left as it is",
                conflict.key
            )));
        }
    }
}

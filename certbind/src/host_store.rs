//! The bindings of a host, with the notices of the backend printed as warnings.

use std::path::Path;
use std::sync::Arc;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, CertHash, Change,
    Result, Scan, StoreError,
};
use certbind_httpsys::{HttpSysStore, LibraryApi, RecoveryTime};

use crate::activity::Activity;
use crate::message::warn;
use crate::progress::{Progress, is_shown};
use crate::terminal::escaped;

/// The store of the HTTP Server API. When it is dropped, its notices and its recovery are printed.
/// The progress of a long operation is shown.
pub(crate) struct HostStore {
    store: Arc<HttpSysStore<Arc<LibraryApi>>>,
    activity: Activity,
}

impl BindingStore for HostStore {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.activity.during(|| self.store.get(key))
    }

    /// Everything is read before the first binding is given.
    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.activity.during(|| self.store.scan(scan))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        self.activity.during(|| self.store.apply(batch))
    }

    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        self.activity.during(|| self.store.bulk_load(changes))
    }

    fn rotation(&self, old: &CertHash, new: &CertHash) -> Result<Batch> {
        self.activity.during(|| self.store.rotation(old, new))
    }

    fn rotate(&self, old: &CertHash, new: &CertHash) -> Result<Applied> {
        self.activity.during(|| self.store.rotate(old, new))
    }
}

impl HostStore {
    /// Reading changes nothing: an interrupted batch is undone by the first change.
    pub(crate) fn open(api: LibraryApi, journal: &Path, is_read: bool) -> Result<Self, StoreError> {
        let recovery = match is_read {
            true => RecoveryTime::FirstChange,
            false => RecoveryTime::Open,
        };
        let store = HttpSysStore::builder(Arc::new(api)).journal(journal);
        let opening = (!is_shown()).then(Progress::new);
        if let Some(opening) = &opening {
            opening.at("Opening the HTTP Server API");
        }
        let store = Arc::new(store.recovery(recovery).open()?);
        drop(opening);
        let progress = Arc::downgrade(&store);
        let activity = Activity::new(move || {
            let calls = progress.upgrade().map_or(0, |store| store.calls());
            format!("HTTP Server API: {calls} calls")
        });
        let store = Self { store, activity };
        store.print_notices();
        Ok(store)
    }

    pub(crate) fn api(&self) -> &Arc<LibraryApi> {
        self.store.api()
    }

    fn print_notices(&self) {
        for notice in self.store.take_notices() {
            warn(&escaped(&notice.to_string()));
        }
    }
}

impl Drop for HostStore {
    fn drop(&mut self) {
        self.print_notices();
        let recovery = self.store.recovery();
        for key in &recovery.restored {
            let what = "was restored to its binding before an interrupted batch";
            warn(&escaped(&format!("{key} {what}")));
        }
        for conflict in &recovery.conflicts {
            let what = "was changed by another program after an interrupted batch";
            warn(&escaped(&format!(
                "{} {what}; it is left unchanged",
                conflict.key
            )));
        }
        for kept in &recovery.kept {
            let what = "was restored to its binding before an interrupted batch, but \
                        Windows stores something else";
            warn(&escaped(&format!("{} {what}", kept.key)));
        }
    }
}

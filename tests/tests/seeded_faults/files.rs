//! Faults of a store with a file for each host or binding.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Change, MemoryStore, Precondition,
    Result, Scan, StoreError,
};

use crate::seeded::{Fault, all, batch};

/// A file is named after the host, without the port: the last binding of a host replaces the others.
#[derive(Default)]
pub(crate) struct OnePortForAHost;

impl Fault for OnePortForAHost {
    fn apply(&self, store: &MemoryStore, of: &Batch) -> Result<Applied> {
        let applied = store.apply(of)?;
        for change in of
            .changes()
            .iter()
            .filter(|change| change.new_value().is_some())
        {
            let key = change.key();
            let is_other = |other: &BindingKey| {
                other != key && other.kind() == key.kind() && other.host() == key.host()
            };
            let others = all(store).into_iter().map(|binding| binding.key().clone());
            let others = others.filter(|other| key.host().is_some() && is_other(other));
            let gone = others.map(|key| Change::new(key, Precondition::Any, None));
            store.apply(&batch(gone.map(|change| change.expect("one key"))))?;
        }
        Ok(applied)
    }
}

/// Names of files are limited to 255 bytes, with a suffix and an escape for each dot.
#[derive(Default)]
pub(crate) struct RefusesLongHosts;

impl Fault for RefusesLongHosts {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let hosts = batch
            .changes()
            .iter()
            .filter_map(|change| change.key().host());
        for host in hosts {
            if host.as_str().len() + 2 * host.as_str().matches('.').count() > 240 {
                return Err(StoreError::backend("creating", "file name too long"));
            }
        }
        store.apply(batch)
    }
}

/// Lists files in the order of the folder.
#[derive(Default)]
pub(crate) struct ListsInAnyOrder;

impl Fault for ListsInAnyOrder {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut found: Vec<Binding> = store.scan(scan)?.collect::<Result<_>>()?;
        found.sort_by_key(|binding| {
            let mut hasher = DefaultHasher::new();
            binding.key().hash(&mut hasher);
            hasher.finish()
        });
        Ok(Bindings::new(found.into_iter().map(Ok)))
    }
}

/// Opens every file of a folder at once, as many as the process may.
#[derive(Default)]
pub(crate) struct ListsAThousandFiles;

impl Fault for ListsAThousandFiles {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        Ok(Bindings::new(store.scan(scan)?.take(1024)))
    }
}

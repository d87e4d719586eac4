//! Faults of a cache in front of the store.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, MemoryStore, Result, Scan,
};

use crate::seeded::{Fault, all, batch};

type Rows = Mutex<BTreeMap<BindingKey, Option<Binding>>>;

/// A read that began before a write caches its value after the write.
#[derive(Default)]
pub(crate) struct FillsAfterTheWrite(Rows);

impl Fault for FillsAfterTheWrite {
    fn get(&self, store: &MemoryStore, key: &BindingKey) -> Result<Option<Binding>> {
        if let Some(found) = self.0.lock().expect("no panic").get(key) {
            return Ok(found.clone());
        }
        let found = store.get(key)?;
        thread::sleep(Duration::from_micros(100));
        let mut cache = self.0.lock().expect("no panic");
        cache.insert(key.clone(), found.clone());
        Ok(found)
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let applied = store.apply(batch);
        let mut cache = self.0.lock().expect("no panic");
        for change in batch.changes() {
            cache.remove(change.key());
        }
        applied
    }
}

/// The list of all bindings is cached until a key is added or removed; an update does not discard
/// it.
#[derive(Default)]
pub(crate) struct CachesLists(Mutex<Option<Vec<Binding>>>);

impl Fault for CachesLists {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut list = self.0.lock().expect("no panic");
        let mut found = list.get_or_insert_with(|| all(store)).clone();
        found.retain(|binding| scan.contains(binding.key()));
        Ok(Bindings::new(found.into_iter().map(Ok)))
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let applied = store.apply(batch)?;
        let outcomes = applied.outcomes().iter();
        let is_same =
            |before: &Option<Binding>, after: &Option<Binding>| before.is_some() == after.is_some();
        if !outcomes
            .clone()
            .all(|outcome| is_same(&outcome.before, &outcome.after))
        {
            *self.0.lock().expect("no panic") = None;
        }
        Ok(applied)
    }
}

/// A write-back cache of 64 rows: those that do not fit are evicted, and not written.
#[derive(Default)]
pub(crate) struct EvictsDirtyRows;

impl Fault for EvictsDirtyRows {
    fn apply(&self, store: &MemoryStore, of: &Batch) -> Result<Applied> {
        let checked = of.check(|key| store.get(key))?;
        let evicted = of.len().saturating_sub(64);
        store.apply(&batch(of.changes()[evicted..].to_vec()))?;
        Ok(checked)
    }
}

/// A scan caches its bindings, which are older than the last writes; a write invalidates only
/// existing cache entries.
#[derive(Default)]
pub(crate) struct FillsFromOpenScans(Rows);

impl Fault for FillsFromOpenScans {
    fn get(&self, store: &MemoryStore, key: &BindingKey) -> Result<Option<Binding>> {
        let cache = self.0.lock().expect("no panic");
        cache
            .get(key)
            .map_or_else(|| store.get(key), |found| Ok(found.clone()))
    }

    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut cache = self.0.lock().expect("no panic");
        let found: Vec<Binding> = store.scan(scan)?.collect::<Result<_>>()?;
        cache.extend(found.iter().map(|b| (b.key().clone(), Some(b.clone()))));
        Ok(Bindings::new(found.into_iter().map(Ok)))
    }
}

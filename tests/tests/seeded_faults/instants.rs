//! Faults of scans, caches, revisions and second handles.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, MemoryStore, Result, Scan,
    StoreError,
};

use crate::seeded::{Fault, Source, all, batch, put_back};

/// How long a check of a fault that never returns may take.
const SHORT: Duration = Duration::from_secs(3);

/// Reads a page of 40 rows at a time, each as the store is then.
#[derive(Default)]
pub(crate) struct PagesWithoutAReadView;

impl Fault for PagesWithoutAReadView {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut scan = scan.clone();
        let mut page: std::vec::IntoIter<Binding> = read(store, &scan, 40)?.into_iter();
        Ok(Bindings::new(std::iter::from_fn(move || {
            if page.as_slice().is_empty() {
                page = read(store, &scan, 40).ok()?.into_iter();
            }
            let next = page.next()?;
            scan = scan.clone().after(next.key().clone());
            Some(Ok(next))
        })))
    }
}

fn read(store: &MemoryStore, scan: &Scan, most: usize) -> Result<Vec<Binding>> {
    store.scan(scan)?.take(most).collect()
}

/// A query that runs when its first row is requested.
#[derive(Default)]
pub(crate) struct StartsAtTheFirstRow;

impl Fault for StartsAtTheFirstRow {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let scan = scan.clone();
        let mut rows = None;
        Ok(Bindings::new(std::iter::from_fn(move || {
            let rows = rows.get_or_insert_with(|| store.scan(&scan).expect("a scan"));
            rows.next()
        })))
    }
}

/// A count of holders, and a wait until there are few enough.
#[derive(Default)]
struct Gate {
    holders: Mutex<usize>,
    freed: Condvar,
}

impl Gate {
    fn wait_below(&self, limit: usize) {
        let holders = self.holders.lock().expect("no panic");
        drop(
            self.freed
                .wait_while(holders, |held| *held >= limit)
                .expect("no panic"),
        );
    }

    fn enter(&self) {
        *self.holders.lock().expect("no panic") += 1;
    }

    fn leave(&self) {
        *self.holders.lock().expect("no panic") -= 1;
        self.freed.notify_all();
    }
}

struct Entered<'a>(&'a Gate);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// A scan holds the lock that writers take.
#[derive(Default)]
pub(crate) struct ScansLockWritersOut(Gate);

impl Fault for ScansLockWritersOut {
    const TIME_LIMIT: Duration = SHORT;

    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        self.0.enter();
        let held = Entered(&self.0);
        let mut rows = store.scan(scan)?;
        Ok(Bindings::new(std::iter::from_fn(move || {
            let _held = &held;
            rows.next()
        })))
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        self.0.wait_below(1);
        store.apply(batch)
    }
}

/// A pool of 16 connections, one for each scan.
#[derive(Default)]
pub(crate) struct HasSixteenConnections(Gate);

impl Fault for HasSixteenConnections {
    const TIME_LIMIT: Duration = SHORT;

    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        self.0.wait_below(16);
        self.0.enter();
        let held = Entered(&self.0);
        let mut rows = store.scan(scan)?;
        Ok(Bindings::new(std::iter::from_fn(move || {
            let _held = &held;
            rows.next()
        })))
    }
}

/// The lock of a scan that is not read to its end is never released.
#[derive(Default)]
pub(crate) struct LeaksTheLockOfADroppedScan(Gate);

impl Fault for LeaksTheLockOfADroppedScan {
    const TIME_LIMIT: Duration = SHORT;

    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut rows = store.scan(scan)?;
        let mut left = store.scan(scan)?.count() + 1;
        let started = AtomicBool::new(false);
        Ok(Bindings::new(std::iter::from_fn(move || {
            // It is taken at the second row, and released at the end.
            left -= 1;
            let next = rows.next();
            match &next {
                Some(_) if left == 1 => {}
                Some(_) if !started.swap(true, Ordering::SeqCst) => self.0.enter(),
                None if started.load(Ordering::SeqCst) => self.0.leave(),
                _ => {}
            }
            next
        })))
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        self.0.wait_below(1);
        store.apply(batch)
    }
}

/// A bulk load holds the lock that readers take, while it calls its source.
#[derive(Default)]
pub(crate) struct LoadsLockReadersOut(Gate);

impl Fault for LoadsLockReadersOut {
    const TIME_LIMIT: Duration = SHORT;

    fn get(&self, store: &MemoryStore, key: &BindingKey) -> Result<Option<Binding>> {
        self.0.wait_below(1);
        store.get(key)
    }

    fn stream(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        self.0.enter();
        let _held = Entered(&self.0);
        store.bulk_load(source)
    }
}

/// The source of a bulk load sees the changes loaded before.
#[derive(Default)]
pub(crate) struct ShowsALoadToItsSource;

impl Fault for ShowsALoadToItsSource {
    fn stream(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        let before = all(store);
        let mut count = 0;
        for change in source {
            let applied = change.and_then(|change| store.apply(&batch([change])));
            if let Err(error) = applied {
                put_back(store, &before);
                return Err(error);
            }
            count += 1;
        }
        Ok(count)
    }
}

/// Takes a panic of the source for its end.
#[derive(Default)]
pub(crate) struct SwallowsPanics;

impl Fault for SwallowsPanics {
    fn stream(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        let mut changes = Vec::new();
        let _ = catch_unwind(AssertUnwindSafe(|| changes.extend(source)));
        self.bulk_load(store, changes)
    }
}

/// Changes loaded before a panic are kept.
#[derive(Default)]
pub(crate) struct KeepsChangesBeforeAPanic;

impl Fault for KeepsChangesBeforeAPanic {
    fn stream(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        let mut changes = Vec::new();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| changes.extend(source))) {
            self.bulk_load(store, changes)?;
            std::panic::resume_unwind(panic);
        }
        self.bulk_load(store, changes)
    }
}

/// A mutex that a panic has poisoned.
#[derive(Default)]
pub(crate) struct RefusesEverythingAfterAPanic(AtomicBool);

impl Fault for RefusesEverythingAfterAPanic {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        match self.0.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable {
                source: "poisoned".into(),
            }),
            false => store.apply(batch),
        }
    }

    fn stream(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        self.0.store(true, Ordering::SeqCst);
        let loaded = self.bulk_load_in(store, source);
        self.0.store(false, Ordering::SeqCst);
        loaded
    }
}

impl RefusesEverythingAfterAPanic {
    fn bulk_load_in(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        store.bulk_load(source)
    }
}

/// A cache that single changes update, and batches do not.
#[derive(Default)]
pub(crate) struct CachesWithoutBatches(Mutex<BTreeMap<BindingKey, Option<Binding>>>);

impl Fault for CachesWithoutBatches {
    fn get(&self, store: &MemoryStore, key: &BindingKey) -> Result<Option<Binding>> {
        let mut cache = self.0.lock().expect("no panic");
        if let Some(found) = cache.get(key) {
            return Ok(found.clone());
        }
        let found = store.get(key)?;
        cache.insert(key.clone(), found.clone());
        Ok(found)
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let mut cache = self.0.lock().expect("no panic");
        if batch.len() == 1 {
            cache.remove(batch.changes()[0].key());
        }
        store.apply(batch)
    }
}

/// A cache that is filled before the precondition is checked.
#[derive(Default)]
pub(crate) struct CachesRefusedChanges(Mutex<BTreeMap<BindingKey, Option<Binding>>>);

impl Fault for CachesRefusedChanges {
    fn get(&self, store: &MemoryStore, key: &BindingKey) -> Result<Option<Binding>> {
        let cache = self.0.lock().expect("no panic");
        cache
            .get(key)
            .map_or_else(|| store.get(key), |found| Ok(found.clone()))
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let mut cache = self.0.lock().expect("no panic");
        for change in batch.changes() {
            cache.insert(change.key().clone(), change.new_value().cloned());
        }
        store.apply(batch)
    }
}

macro_rules! revisions {
    ($($(#[$doc:meta])* $name:ident: |$count:ident, $batch:ident| $revision:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name(AtomicU64);

        impl Fault for $name {
            fn apply(&self, store: &MemoryStore, $batch: &Batch) -> Result<Applied> {
                let applied = store.apply($batch)?;
                let $count = self.0.fetch_add(1, Ordering::SeqCst);
                Ok(applied.at_revision($revision))
            }
        }
    )*};
}

revisions! {
    /// From the largest number down.
    CountsRevisionsDown: |count, _batch| u64::MAX - count;
    /// The same for every change.
    HasOneRevision: |_count, _batch| 7;
    /// Removals do not count.
    CountsNoRemovals: |count, batch| {
        let removes = batch.changes()[0].new_value().is_none();
        count + 10 - 2 * u64::from(removes)
    };
}

/// Starts to count when it is opened.
#[derive(Default)]
pub(crate) struct CountsRevisionsFromTheOpening(AtomicU64);

impl Fault for CountsRevisionsFromTheOpening {
    fn opened(&self, _: &MemoryStore) {
        self.0.store(0, Ordering::SeqCst);
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let applied = store.apply(batch)?;
        Ok(applied.at_revision(self.0.fetch_add(1, Ordering::SeqCst) + 1))
    }
}

fn copy(of: &MemoryStore) -> Arc<MemoryStore> {
    let copy = MemoryStore::new();
    put_back(&copy, &all(of));
    Arc::new(copy)
}

/// Each handle reads the file when it is opened, and writes the complete file at each change.
#[derive(Default)]
pub(crate) struct HandlesOverwriteEachOther(Mutex<Option<Arc<MemoryStore>>>);

impl Fault for HandlesOverwriteEachOther {
    fn handle(&self, store: &Arc<MemoryStore>) -> Result<Arc<MemoryStore>> {
        *self.0.lock().expect("no panic") = Some(Arc::clone(store));
        Ok(copy(store))
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let applied = store.apply(batch)?;
        if let Some(file) = &*self.0.lock().expect("no panic") {
            put_back(file, &all(store));
        }
        Ok(applied)
    }
}

/// The second handle sees the store at the time when it was opened.
#[derive(Default)]
pub(crate) struct SecondHandlesReadACopy(AtomicUsize);

impl Fault for SecondHandlesReadACopy {
    fn handle(&self, store: &Arc<MemoryStore>) -> Result<Arc<MemoryStore>> {
        Ok(match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Arc::clone(store),
            _ => copy(store),
        })
    }

    fn closed(&self, _: &MemoryStore, _: &MemoryStore) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A second opening is refused, after it has emptied the store.
#[derive(Default)]
pub(crate) struct EmptiesTheStoreBeforeItRefuses(AtomicUsize);

impl Fault for EmptiesTheStoreBeforeItRefuses {
    fn handle(&self, store: &Arc<MemoryStore>) -> Result<Arc<MemoryStore>> {
        if self.0.load(Ordering::SeqCst) > 0 {
            put_back(store, &[]);
            self.0.fetch_add(100, Ordering::SeqCst);
            return Err(StoreError::InUse {
                path: "store".into(),
                owner: None,
            });
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::clone(store))
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let applied = store.apply(batch)?;
        if self.0.load(Ordering::SeqCst) > 100 {
            put_back(store, &[]);
        }
        Ok(applied)
    }
}

/// A second opening fails without a reason.
#[derive(Default)]
pub(crate) struct RefusesWithoutAReason(AtomicUsize);

impl Fault for RefusesWithoutAReason {
    fn handle(&self, store: &Arc<MemoryStore>) -> Result<Arc<MemoryStore>> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(Arc::clone(store)),
            _ => Err(StoreError::Unavailable {
                source: "no".into(),
            }),
        }
    }
}

/// The refused opening has taken the lock with it: the store cannot be opened again.
#[derive(Default)]
pub(crate) struct NeverOpensAgain(AtomicUsize);

impl Fault for NeverOpensAgain {
    fn handle(&self, store: &Arc<MemoryStore>) -> Result<Arc<MemoryStore>> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(Arc::clone(store)),
            _ => Err(StoreError::InUse {
                path: "store".into(),
                owner: None,
            }),
        }
    }
}

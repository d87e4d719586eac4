//! Stores that return other bindings than they contain.

use std::ops::Bound;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, MemoryStore, Result,
    Scan,
};

use crate::seeded::{Fault, all, put_back};

fn listed<'a>(bindings: Vec<Binding>) -> Result<Bindings<'a>> {
    Ok(Bindings::new(bindings.into_iter().map(Ok)))
}

fn found(store: &MemoryStore, scan: &Scan) -> Result<Vec<Binding>> {
    store.scan(scan)?.collect()
}

/// The scan between other bounds.
fn between(asked: &Scan, start: Bound<&BindingKey>, end: Bound<&BindingKey>) -> Scan {
    let scan = Scan::range((start.cloned(), end.cloned()));
    match asked.kind() {
        Some(kind) => scan.of_kind(kind),
        None => scan,
    }
}

/// Answers `get` from before the last write.
#[derive(Default)]
pub(crate) struct GetsAnEarlierBinding(Mutex<Vec<Binding>>);

impl Fault for GetsAnEarlierBinding {
    fn get(&self, _: &MemoryStore, key: &BindingKey) -> Result<Option<Binding>> {
        let before = self.0.lock().expect("no panic");
        Ok(before.iter().find(|binding| binding.key() == key).cloned())
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        *self.0.lock().expect("no panic") = all(store);
        store.apply(batch)
    }
}

/// Scans the contents before the last write, and claims no more than regular scans.
#[derive(Default)]
pub(crate) struct ScansEarlierBindings(Mutex<Vec<Binding>>);

impl Fault for ScansEarlierBindings {
    fn capabilities() -> Capabilities {
        let mut capabilities = Capabilities::full();
        capabilities.point_in_time_scan = false;
        capabilities
    }

    fn scan<'a>(&'a self, _: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut before = self.0.lock().expect("no panic").clone();
        before.retain(|binding| scan.contains(binding.key()));
        listed(before)
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        *self.0.lock().expect("no panic") = all(store);
        store.apply(batch)
    }
}

#[derive(Default)]
pub(crate) struct OrdersPortsAsText;

impl Fault for OrdersPortsAsText {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut found = found(store, scan)?;
        found.sort_by_key(|binding| {
            let key = binding.key();
            let host = key.host().map(|host| host.as_str().to_owned());
            (key.kind(), host, key.port().to_string())
        });
        listed(found)
    }
}

#[derive(Default)]
pub(crate) struct OrdersHostsFromTheLeft;

impl Fault for OrdersHostsFromTheLeft {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut found = found(store, scan)?;
        found.sort_by_key(|binding| {
            let host = binding.key().host().map(|host| host.as_str().to_owned());
            (binding.key().kind(), host)
        });
        listed(found)
    }
}

#[derive(Default)]
pub(crate) struct RepeatsABinding;

impl Fault for RepeatsABinding {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut found = found(store, scan)?;
        if found.len() > 2 {
            found.insert(1, found[0].clone());
        }
        listed(found)
    }
}

#[derive(Default)]
pub(crate) struct IncludesTheCursor;

impl Fault for IncludesTheCursor {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        match scan.bounds() {
            (Bound::Excluded(start), end) => {
                store.scan(&between(scan, Bound::Included(start), end))
            }
            _ => store.scan(scan),
        }
    }
}

#[derive(Default)]
pub(crate) struct SkipsTheKeyAfterTheCursor;

impl Fault for SkipsTheKeyAfterTheCursor {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let skipped = matches!(scan.bounds().0, Bound::Excluded(_));
        let found = found(store, scan)?;
        listed(found.into_iter().skip(skipped.into()).collect())
    }
}

#[derive(Default)]
pub(crate) struct EndsARangeTooEarly;

impl Fault for EndsARangeTooEarly {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        match scan.bounds() {
            (start, Bound::Included(end)) => {
                store.scan(&between(scan, start, Bound::Excluded(end)))
            }
            _ => store.scan(scan),
        }
    }
}

#[derive(Default)]
pub(crate) struct EndsARangeTooLate;

impl Fault for EndsARangeTooLate {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        match scan.bounds() {
            (start, Bound::Excluded(end)) => {
                store.scan(&between(scan, start, Bound::Included(end)))
            }
            _ => store.scan(scan),
        }
    }
}

#[derive(Default)]
pub(crate) struct ForgetsTheKind;

impl Fault for ForgetsTheKind {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let (start, end) = scan.bounds();
        store.scan(&between(&Scan::all(), start, end))
    }
}

/// Shows each binding as it is when the scan reaches it.
#[derive(Default)]
pub(crate) struct ScansLive;

impl Fault for ScansLive {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let scan = scan.clone();
        let mut last: Option<BindingKey> = None;
        Ok(Bindings::new(std::iter::from_fn(move || {
            thread::sleep(Duration::from_micros(20));
            let rest = match last.clone() {
                Some(key) => scan.clone().after(key),
                None => scan.clone(),
            };
            let next = store.scan(&rest).expect("scan").next()?;
            last = next.as_ref().ok().map(|binding| binding.key().clone());
            Some(next)
        })))
    }
}

/// Uses an index as a cursor: a concurrent removal shifts the rest. It claims no point-in-time
/// scans.
#[derive(Default)]
pub(crate) struct ScansByIndex;

impl Fault for ScansByIndex {
    fn capabilities() -> Capabilities {
        let mut capabilities = Capabilities::full();
        capabilities.point_in_time_scan = false;
        capabilities
    }

    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut seen: Vec<Binding> = Vec::new();
        while let Some(binding) = found(store, scan)?.into_iter().nth(seen.len()) {
            if seen.last().is_some_and(|last| last.key() >= binding.key()) {
                // It at least starts again when it sees a binding twice.
                seen.clear();
            } else {
                seen.push(binding);
            }
            thread::sleep(Duration::from_micros(20));
        }
        listed(seen)
    }
}

#[derive(Default)]
pub(crate) struct ForgetsWhenReopened;

impl Fault for ForgetsWhenReopened {
    fn opened(&self, store: &MemoryStore) {
        put_back(store, &[]);
    }
}

/// Opens with the contents before the last change.
#[derive(Default)]
pub(crate) struct ForgetsTheLastChangeWhenReopened(Mutex<Vec<Binding>>);

impl Fault for ForgetsTheLastChangeWhenReopened {
    fn opened(&self, store: &MemoryStore) {
        put_back(store, &self.0.lock().expect("no panic"));
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        *self.0.lock().expect("no panic") = all(store);
        store.apply(batch)
    }
}

/// Removed bindings are present again when the store is opened again.
#[derive(Default)]
pub(crate) struct RestoresRemovedBindings(Mutex<Vec<Binding>>);

impl Fault for RestoresRemovedBindings {
    fn opened(&self, store: &MemoryStore) {
        for binding in self.0.lock().expect("no panic").drain(..) {
            // A binding that was created since stays.
            let _ = store.insert(binding);
        }
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let applied = store.apply(batch)?;
        let outcomes = applied.outcomes().iter();
        let removed = outcomes.filter(|outcome| outcome.after.is_none());
        let removed = removed.filter_map(|outcome| outcome.before.clone());
        self.0.lock().expect("no panic").extend(removed);
        Ok(applied)
    }
}

//! Faults that begin at a size: the limit of a statement, a page, a buffer or a counter.

use std::collections::BTreeMap;
use std::sync::Mutex;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Change, MemoryStore, Outcome,
    Result, Scan, StoreError,
};

use crate::seeded::{Fault, Source, all, batch, put_back};

fn listed<'a>(bindings: Vec<Binding>) -> Result<Bindings<'a>> {
    Ok(Bindings::new(bindings.into_iter().map(Ok)))
}

fn scanned(store: &MemoryStore, scan: &Scan) -> Result<Vec<Binding>> {
    store.scan(scan)?.collect()
}

/// Applies the first changes of a batch, and reports them all.
fn first(store: &MemoryStore, of: &Batch, most: usize) -> Result<Applied> {
    let checked = of.check(|key| store.get(key))?;
    store.apply(&batch(of.changes().iter().take(most).cloned()))?;
    Ok(checked)
}

macro_rules! applies {
    ($($(#[$doc:meta])* $name:ident: |$store:ident, $batch:ident| $body:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name;

        impl Fault for $name {
            fn apply(&self, $store: &MemoryStore, $batch: &Batch) -> Result<Applied> {
                $body
            }
        }
    )*};
}

applies! {
    /// One statement takes 64 rows; the rest is forgotten.
    AppliesTheFirst64: |store, batch| first(store, batch, 64);

    /// A deletion takes 256 keys.
    RemovesTheFirst256: |store, of| {
        let removes = of.changes().iter().filter(|change| change.new_value().is_none());
        match removes.count() > 256 {
            true => first(store, of, 256),
            false => store.apply(of),
        }
    };

    /// A limit that the capabilities do not declare.
    RefusesMoreThan100: |store, batch| match batch.len() > 100 {
        true => Err(StoreError::Unsupported { what: "a batch of more than 100 changes".into() }),
        false => store.apply(batch),
    };

    /// A database's limit of parameters in a statement.
    FailsWithMoreThan999: |store, batch| match batch.len() > 999 {
        true => Err(StoreError::backend("writing", "too many SQL variables")),
        false => store.apply(batch),
    };

    /// A statement for each 32 changes: those before the one that fails stay.
    CommitsEvery32: |store, of| {
        let checked = of.check(|key| store.get(key));
        for changes in of.changes().chunks(32) {
            store.apply(&batch(changes.to_vec()))?;
        }
        checked
    };

    /// Reports the outcomes of one page of 128 rows.
    Reports128Outcomes: |store, of| {
        let applied = store.apply(of)?;
        // As the first changes look when they are taken back and applied again.
        let few = batch(of.changes().iter().take(128).cloned());
        if few.len() == of.len() {
            return Ok(applied);
        }
        store.apply(&applied.inverse())?;
        let reported = few.check(|key| store.get(key))?;
        store.apply(of)?;
        Ok(reported)
    };

    /// Names the first key of the page in which a precondition is violated.
    NamesTheFirstKeyOfThePage: |store, of| {
        store.apply(of).map_err(|error| match error {
            StoreError::AlreadyExists { key, found } => {
                let at = of.changes().iter().position(|change| *change.key() == key);
                let page = at.unwrap_or_default() / 50 * 50;
                StoreError::AlreadyExists { key: of.changes()[page].key().clone(), found }
            }
            other => other,
        })
    };

    /// A retry after a timeout, which large batches meet, finds its own work.
    AppliesLargeBatchesTwice: |store, of| {
        let applied = store.apply(of)?;
        match of.len() > 200 {
            true => of.check(|key| store.get(key)).map(|_| applied),
            false => Ok(applied),
        }
    };
}

macro_rules! scans {
    ($($(#[$doc:meta])* $name:ident: |$found:ident, $scan:ident| $body:block)*) => {$(
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name;

        impl Fault for $name {
            fn scan<'a>(&'a self, store: &'a MemoryStore, $scan: &Scan) -> Result<Bindings<'a>> {
                #[allow(unused_mut)]
                let mut $found = scanned(store, $scan)?;
                $body
                listed($found)
            }
        }
    )*};
}

scans! {
    /// `LIMIT 1000`, and no second query.
    ReturnsAThousandRows: |found, _scan| {
        found.truncate(1000);
    }

    /// The next page starts after the first row that it should have.
    LosesARowBetweenPages: |found, _scan| {
        let mut row = 0;
        found.retain(|_| {
            row += 1;
            row % 101 != 0
        });
    }

    /// The last row of a page is the first of the next.
    RepeatsTheRowBetweenPages: |found, _scan| {
        if found.len() > 256 {
            found.insert(256, found[255].clone());
        }
    }

    /// Pages that arrive out of order.
    SwapsPages: |found, _scan| {
        if found.len() >= 128 {
            let (first, second) = found[..128].split_at_mut(64);
            first.swap_with_slice(second);
        }
    }

    /// A binary search that is off by one in long lists.
    StartsLongRangesTooLate: |found, scan| {
        let bounded = !matches!(scan.bounds().0, std::ops::Bound::Unbounded);
        if bounded && found.len() > 64 {
            found.remove(0);
        }
    }
}

/// Commits a bulk load every 16 changes.
#[derive(Default)]
pub(crate) struct LoadsIn16s;

impl Fault for LoadsIn16s {
    fn stream(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        let mut count = 0;
        loop {
            let changes: Vec<Change> = source.take(16).collect::<Result<_>>()?;
            if changes.is_empty() {
                return Ok(count);
            }
            count += changes.len() as u64;
            store.apply(&batch(changes))?;
        }
    }
}

/// Counts the loaded changes in a byte.
#[derive(Default)]
pub(crate) struct CountsLoadsInAByte;

impl Fault for CountsLoadsInAByte {
    fn stream(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        Ok(store.bulk_load(source)? & 0xff)
    }
}

/// Takes an error of the source for its end, once the first buffer was flushed.
#[derive(Default)]
pub(crate) struct IgnoresLateErrors;

impl Fault for IgnoresLateErrors {
    fn stream(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        let changes: Vec<_> = source.collect();
        let whole = changes.len();
        let fine: Vec<_> = changes
            .into_iter()
            .filter(|c| whole <= 256 || c.is_ok())
            .collect();
        store.bulk_load(&mut fine.into_iter())
    }
}

/// An index that is not updated by large batches: `get` finds the old binding.
#[derive(Default)]
pub(crate) struct ForgetsTheIndex(Mutex<BTreeMap<BindingKey, Option<Binding>>>);

impl Fault for ForgetsTheIndex {
    fn get(&self, store: &MemoryStore, key: &BindingKey) -> Result<Option<Binding>> {
        let stale = self.0.lock().expect("no panic");
        stale
            .get(key)
            .map_or_else(|| store.get(key), |old| Ok(old.clone()))
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let applied = store.apply(batch)?;
        let mut stale = self.0.lock().expect("no panic");
        let late = |outcome: &Outcome| (outcome.key.clone(), outcome.before.clone());
        stale.extend(applied.outcomes().iter().skip(512).map(late));
        Ok(applied)
    }
}

/// Reads 4,096 rows when it is opened.
#[derive(Default)]
pub(crate) struct Reopens4096;

impl Fault for Reopens4096 {
    fn opened(&self, store: &MemoryStore) {
        let mut rows = all(store);
        rows.truncate(4096);
        put_back(store, &rows);
    }
}

//! Stores that make other changes than the requested ones, or at another time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use certbind_core::{
    Applied, Batch, Binding, BindingStore, CertHash, Change, MemoryStore, Precondition, Result,
    SslFlags, StoreError,
};

use crate::seeded::{Fault, batch, blind, expecting};

fn check(store: &MemoryStore, batch: &Batch) -> Result<Applied> {
    batch.check(|key| store.get(key))
}

/// Loses every other delete.
#[derive(Default)]
pub(crate) struct LosesOneDelete(AtomicU64);

impl Fault for LosesOneDelete {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let delete = batch.len() == 1 && batch.changes()[0].new_value().is_none();
        if delete && self.0.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
            return check(store, batch);
        }
        store.apply(batch)
    }
}

#[derive(Default)]
pub(crate) struct LeavesHalfOfAFailedBatch;

impl Fault for LeavesHalfOfAFailedBatch {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let Err(error) = check(store, batch) else {
            return store.apply(batch);
        };
        for change in batch.changes() {
            if store.apply(&change.clone().into()).is_err() {
                break;
            }
        }
        Err(error)
    }
}

#[derive(Default)]
pub(crate) struct IgnoresAbsent;

impl Fault for IgnoresAbsent {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&expecting(batch, |expect| match expect {
            Precondition::Absent => Precondition::Any,
            other => other.clone(),
        }))
    }
}

#[derive(Default)]
pub(crate) struct IgnoresPresent;

impl Fault for IgnoresPresent {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&expecting(batch, |expect| match expect {
            Precondition::Present => Precondition::Any,
            other => other.clone(),
        }))
    }
}

#[derive(Default)]
pub(crate) struct IgnoresExactly;

impl Fault for IgnoresExactly {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&expecting(batch, |expect| match expect {
            Precondition::Exactly(_) => Precondition::Any,
            other => other.clone(),
        }))
    }
}

/// Takes bindings for the same whose certificates and application ids are.
#[derive(Default)]
pub(crate) struct ComparesInPart;

impl Fault for ComparesInPart {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&expecting(batch, |expect| {
            let Precondition::Exactly(expected) = expect else {
                return expect.clone();
            };
            let part = |b: &Binding| (b.record().certificate.clone(), b.record().app_id);
            match store.get(expected.key()) {
                Ok(Some(found)) if part(&found) == part(expected) => Precondition::Present,
                _ => expect.clone(),
            }
        }))
    }
}

/// Another thread may act between its check and its change.
#[derive(Default)]
pub(crate) struct ChecksThenActs;

impl Fault for ChecksThenActs {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let checked = check(store, batch)?;
        thread::sleep(Duration::from_micros(200));
        store.apply(&blind(batch))?;
        Ok(checked)
    }
}

#[derive(Default)]
pub(crate) struct ShowsHalfABatch;

impl Fault for ShowsHalfABatch {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let checked = check(store, batch)?;
        for change in blind(batch).changes() {
            store.apply(&change.clone().into())?;
            thread::sleep(Duration::from_micros(20));
        }
        Ok(checked)
    }
}

/// Performs the operation and sometimes returns an error.
#[derive(Default)]
pub(crate) struct FailsAfterChanging(AtomicU64);

impl Fault for FailsAfterChanging {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let applied = store.apply(batch)?;
        if self.0.fetch_add(1, Ordering::SeqCst) % 5 == 4 {
            return Err(StoreError::unavailable("seeded"));
        }
        Ok(applied)
    }
}

#[derive(Default)]
pub(crate) struct LosesTheEndOfABatch;

impl Fault for LosesTheEndOfABatch {
    fn apply(&self, store: &MemoryStore, of: &Batch) -> Result<Applied> {
        let checked = check(store, of)?;
        let most = of.len() - usize::from(of.len() > 3);
        store.apply(&batch(of.changes()[..most].to_vec()))?;
        Ok(checked)
    }
}

/// Loads one change after the other, and keeps the loaded ones when it reaches an error.
#[derive(Default)]
pub(crate) struct LoadsUntilItFails;

impl Fault for LoadsUntilItFails {
    fn bulk_load(&self, store: &MemoryStore, changes: Vec<Result<Change>>) -> Result<u64> {
        let mut last = None;
        let mut count = 0;
        for change in changes {
            let change = change?;
            let key = change.key().clone();
            if last.replace(key.clone()).is_some_and(|last| last >= key) {
                return Err(StoreError::out_of_order(key));
            }
            store.apply(&change.into())?;
            count += 1;
            thread::sleep(Duration::from_micros(50));
        }
        Ok(count)
    }
}

#[derive(Default)]
pub(crate) struct LoadsInAnyOrder;

impl Fault for LoadsInAnyOrder {
    fn bulk_load(&self, store: &MemoryStore, changes: Vec<Result<Change>>) -> Result<u64> {
        let mut changes: Vec<_> = changes.into_iter().collect::<Result<_>>()?;
        changes.sort_by(|a, b| a.key().cmp(b.key()));
        changes.dedup_by(|a, b| a.key() == b.key());
        let batch = batch(changes);
        store.apply(&batch)?;
        Ok(batch.len() as u64)
    }
}

/// Skips an error among the changes.
#[derive(Default)]
pub(crate) struct LoadsInPart;

impl Fault for LoadsInPart {
    fn bulk_load(&self, store: &MemoryStore, changes: Vec<Result<Change>>) -> Result<u64> {
        store.bulk_load(&mut changes.into_iter().filter(Result::is_ok))
    }
}

#[derive(Default)]
pub(crate) struct LosesTheEndOfALoad;

impl Fault for LosesTheEndOfALoad {
    fn bulk_load(&self, store: &MemoryStore, mut changes: Vec<Result<Change>>) -> Result<u64> {
        let count = changes.len() as u64;
        changes.pop();
        store.bulk_load(&mut changes.into_iter())?;
        Ok(count)
    }
}

#[derive(Default)]
pub(crate) struct UpdatesUnboundKeys;

impl Fault for UpdatesUnboundKeys {
    fn update(&self, store: &MemoryStore, binding: Binding) -> Result<Binding> {
        Ok(store.put(binding.clone())?.unwrap_or(binding))
    }
}

#[derive(Default)]
pub(crate) struct RotatesOptionsAway;

impl Fault for RotatesOptionsAway {
    fn rotation(&self, store: &MemoryStore, old: &CertHash, new: &CertHash) -> Result<Batch> {
        let rotation = store.rotation(old, new)?;
        let changes = rotation.changes().iter().map(|change| {
            let renewed = change.new_value().expect("a rotation binds").clone();
            let bare = renewed.record().clone().with_flags(SslFlags::empty());
            let becomes = renewed.with_record(bare)?;
            Change::new(
                change.key().clone(),
                change.precondition().clone(),
                Some(becomes),
            )
        });
        Batch::new(changes.collect::<Result<Vec<_>>>()?)
    }
}

/// Renews one binding of a certificate, the first one.
#[derive(Default)]
pub(crate) struct RotatesOne;

impl Fault for RotatesOne {
    fn rotation(&self, store: &MemoryStore, old: &CertHash, new: &CertHash) -> Result<Batch> {
        let rotation = store.rotation(old, new)?;
        Ok(batch(rotation.changes().iter().take(1).cloned()))
    }
}

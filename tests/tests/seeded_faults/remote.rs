//! Faults of a client of a server: limits, retries and clocks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use certbind_core::codec::{encode_binding, encode_key};
use certbind_core::{Applied, Batch, BindingStore, MemoryStore, Precondition, Result, StoreError};

use crate::seeded::Fault;

/// A server accepts requests of up to 64 KiB, which no capability declares.
#[derive(Default)]
pub(crate) struct RefusesLargeRequests;

impl Fault for RefusesLargeRequests {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let size = batch.changes().iter().map(|change| {
            encode_key(change.key()).len()
                + change.new_value().map_or(0, |b| encode_binding(b).len())
        });
        match size.sum::<usize>() > 64 << 10 {
            true => Err(StoreError::backend("sending", "request is too large")),
            false => store.apply(batch),
        }
    }
}

/// A server takes values of up to 4 KiB.
#[derive(Default)]
pub(crate) struct RefusesLongValues;

impl Fault for RefusesLongValues {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let mut values = batch
            .changes()
            .iter()
            .filter_map(|change| change.new_value());
        match values.any(|value| encode_binding(value).len() > 4 << 10) {
            true => Err(StoreError::backend("sending", "value is too large")),
            false => store.apply(batch),
        }
    }
}

/// A revision is the time in seconds.
#[derive(Default)]
pub(crate) struct NumbersByTheClock;

impl Fault for NumbersByTheClock {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let applied = store.apply(batch)?;
        Ok(applied.at_revision(now.expect("after 1970").as_secs()))
    }
}

/// Every 40th request is lost, and its timeout is taken for an answer.
#[derive(Default)]
pub(crate) struct LosesARequest(AtomicU64);

impl Fault for LosesARequest {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        match self.0.fetch_add(1, Ordering::SeqCst) % 40 {
            39 => batch.check(|key| store.get(key)),
            _ => store.apply(batch),
        }
    }
}

/// An insert is sent again after its answer was lost, and finds its own binding.
#[derive(Default)]
pub(crate) struct SendsTwice(AtomicU64);

impl Fault for SendsTwice {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let inserts = |batch: &Batch| {
            let mut changes = batch.changes().iter();
            changes.any(|change| *change.precondition() == Precondition::Absent)
        };
        let applied = store.apply(batch)?;
        if inserts(batch) && self.0.fetch_add(1, Ordering::SeqCst) % 3 == 2 {
            return store.apply(batch);
        }
        Ok(applied)
    }
}

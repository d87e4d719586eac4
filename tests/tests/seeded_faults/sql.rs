//! Faults of a store in a SQL database: types of columns, conflicts and transactions.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Change, CtlIdentifier,
    MemoryStore, Precondition, Record, Result, Scan, SslFlags, StoreError, StoreName,
};

use crate::seeded::{Fault, batch};

/// The batch with other records, in the preconditions too.
fn stored(of: &Batch, column: impl Fn(&mut Record)) -> Batch {
    let change_record = |binding: &Binding| {
        let mut record = binding.record().clone();
        column(&mut record);
        binding.clone().with_record(record).expect("the same kind")
    };
    batch(of.changes().iter().map(|change| {
        let precondition = match change.precondition() {
            Precondition::Exactly(binding) => {
                Precondition::Exactly(Box::new(change_record(binding)))
            }
            other => other.clone(),
        };
        let new = change.new_value().map(change_record);
        Change::new(change.key().clone(), precondition, new).expect("one key")
    }))
}

/// A column of signed 32 bits: larger values become the largest.
#[derive(Default)]
pub(crate) struct SignedFlags;

impl Fault for SignedFlags {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&stored(batch, |record| {
            let bits = record.flags.bits().min(i32::MAX.unsigned_abs());
            record.flags = SslFlags::from_bits_retain(bits);
        }))
    }
}

/// MySQL's `utf8`: characters of four bytes become question marks.
#[derive(Default)]
pub(crate) struct ThreeByteCharacters;

impl Fault for ThreeByteCharacters {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&stored(batch, |record| {
            if let Some(identifier) = &mut record.ctl_identifier {
                let text = identifier.as_str().chars();
                let text: String = text
                    .map(|char| if char.len_utf8() > 3 { '?' } else { char })
                    .collect();
                *identifier = CtlIdentifier::new(&text).expect("an identifier");
            }
        }))
    }
}

/// `VARCHAR(64)` of a server that truncates.
#[derive(Default)]
pub(crate) struct ShortNames;

impl Fault for ShortNames {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&stored(batch, |record| {
            if let Some(name) = &mut record.ctl_store_name {
                let short: String = name.as_str().chars().take(64).collect();
                *name = StoreName::new(&short).unwrap_or_else(|_| name.clone());
            }
        }))
    }
}

/// `INSERT … ON CONFLICT DO NOTHING` where an update was meant.
#[derive(Default)]
pub(crate) struct DoesNothingOnConflict;

impl Fault for DoesNothingOnConflict {
    fn apply(&self, store: &MemoryStore, of: &Batch) -> Result<Applied> {
        let checked = of.check(|key| store.get(key))?;
        let outcomes = checked.outcomes().iter().zip(of.changes());
        let new =
            outcomes.filter(|(outcome, _)| outcome.before.is_none() || outcome.after.is_none());
        store.apply(&batch(new.map(|(_, change)| change.clone())))?;
        Ok(checked)
    }
}

/// An error leaves the transaction open: the next change joins it, and is rolled back with it.
#[derive(Default)]
pub(crate) struct LeavesTransactionsOpen(AtomicBool);

impl Fault for LeavesTransactionsOpen {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        if self.0.swap(false, Ordering::SeqCst) {
            return batch.check(|key| store.get(key));
        }
        let applied = store.apply(batch);
        self.0.store(applied.is_err(), Ordering::SeqCst);
        applied
    }
}

/// Without a busy timeout: a second writer is refused, and not made to wait.
#[derive(Default)]
pub(crate) struct IsBusy(Mutex<()>);

impl Fault for IsBusy {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let Ok(_writer) = self.0.try_lock() else {
            return Err(StoreError::backend("writing", "database is locked"));
        };
        thread::sleep(Duration::from_micros(200));
        store.apply(batch)
    }
}

/// A `DELETE` that concerns no row is no error.
#[derive(Default)]
pub(crate) struct DeletesNothing;

impl Fault for DeletesNothing {
    fn apply(&self, store: &MemoryStore, of: &Batch) -> Result<Applied> {
        store.apply(&batch(of.changes().iter().map(|change| {
            match (change.precondition(), change.new_value()) {
                (Precondition::Present, None) => {
                    Change::new(change.key().clone(), Precondition::Any, None).expect("one key")
                }
                _ => change.clone(),
            }
        })))
    }
}

/// `ORDER BY port` on a column of signed 16 bits.
#[derive(Default)]
pub(crate) struct SignedPorts;

impl Fault for SignedPorts {
    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        let mut found: Vec<Binding> = store.scan(scan)?.collect::<Result<_>>()?;
        found.sort_by_key(|binding| {
            let key = binding.key();
            let host = key.host().cloned();
            let port = key.port().get().cast_signed();
            match key {
                BindingKey::IpPort(address) => (key.kind(), Some(address.ip()), host, port),
                _ => (key.kind(), None, host, port),
            }
        });
        Ok(Bindings::new(found.into_iter().map(Ok)))
    }
}

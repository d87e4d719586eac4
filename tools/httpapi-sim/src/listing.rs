//! The records of a kind by index, as `QueryNext` asks for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store_core::{Binding, BindingStore, Kind, Result, Scan};

/// Lists of records, kept from one call to the next, so that enumerating n records is n steps and
/// not n scans. A change through the simulator drops them, and none is used or kept while one is
/// under way: another call may have seen it already.
///
/// Index 0 is never taken from a list: it is the store's first record, and it drops the list. So
/// changes that others made to the store underneath show at the next enumeration, and a program
/// that deletes index 0 until there is none does not have everything listed for each record.
#[derive(Default)]
pub(crate) struct Listings(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    lists: HashMap<Kind, Arc<Vec<Binding>>>,
    /// How many changes are under way.
    changing: usize,
    /// How often one has begun or ended, or a list was dropped: a list that was begun before is not
    /// kept after.
    epoch: u64,
}

impl Listings {
    /// The record at this index in the store's order.
    pub(crate) fn at(
        &self,
        store: &dyn BindingStore,
        kind: Kind,
        index: u32,
    ) -> Result<Option<Binding>> {
        if index == 0 {
            self.forget(kind);
            return store.scan(&Scan::all().of_kind(kind))?.next().transpose();
        }
        let list = self.list(store, kind)?;
        Ok(usize::try_from(index)
            .ok()
            .and_then(|index| list.get(index).cloned()))
    }

    /// Forgets the lists, and keeps none until the change is over.
    #[must_use]
    pub(crate) fn changing(&self) -> Changing<'_> {
        let mut kept = self.lock();
        kept.lists.clear();
        kept.changing += 1;
        kept.epoch += 1;
        Changing(self)
    }

    fn forget(&self, kind: Kind) {
        let mut kept = self.lock();
        kept.lists.remove(&kind);
        kept.epoch += 1;
    }

    fn list(&self, store: &dyn BindingStore, kind: Kind) -> Result<Arc<Vec<Binding>>> {
        let kept = self.lock();
        let epoch = kept.epoch;
        if let Some(list) = kept.lists.get(&kind) {
            return Ok(Arc::clone(list));
        }
        drop(kept);
        let found: Vec<_> = store
            .scan(&Scan::all().of_kind(kind))?
            .collect::<Result<_>>()?;
        let list = Arc::new(found);
        let mut kept = self.lock();
        if kept.changing == 0 && kept.epoch == epoch {
            kept.lists.insert(kind, Arc::clone(&list));
        }
        Ok(list)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change of the store that is under way, over when this is dropped.
pub(crate) struct Changing<'a>(&'a Listings);

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        let mut kept = self.0.lock();
        kept.changing -= 1;
        kept.epoch += 1;
    }
}

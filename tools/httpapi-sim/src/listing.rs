//! The records of a kind by index, as `QueryNext` asks for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use store_core::{Binding, BindingStore, Kind, Result, Scan};

/// Lists of records, kept from one call to the next, so that enumerating n records is n steps and
/// not n scans. A change through the simulator drops them; the first index is always listed anew,
/// so that changes which others made to the store underneath show at the next enumeration.
#[derive(Default)]
pub(crate) struct Listings(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    lists: HashMap<Kind, Arc<Vec<Binding>>>,
    /// How often they were dropped: a list that was begun before is not kept after.
    drops: u64,
}

impl Listings {
    /// The record at this index in the store's order.
    pub(crate) fn at(
        &self,
        store: &dyn BindingStore,
        kind: Kind,
        index: u32,
    ) -> Result<Option<Binding>> {
        let list = self.list(store, kind, index == 0)?;
        Ok(usize::try_from(index)
            .ok()
            .and_then(|index| list.get(index).cloned()))
    }

    /// Forgets the lists: the store has changed.
    pub(crate) fn forget(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.lists.clear();
        kept.drops += 1;
    }

    fn list(&self, store: &dyn BindingStore, kind: Kind, anew: bool) -> Result<Arc<Vec<Binding>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let drops = kept.drops;
        if let Some(list) = kept.lists.get(&kind).filter(|_| !anew) {
            return Ok(Arc::clone(list));
        }
        drop(kept);
        let found: Vec<_> = store
            .scan(&Scan::all().of_kind(kind))?
            .collect::<Result<_>>()?;
        let list = Arc::new(found);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.drops == drops {
            kept.lists.insert(kind, Arc::clone(&list));
        }
        Ok(list)
    }
}

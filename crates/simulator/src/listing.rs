//! The records of a kind by index, for `QueryNext`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use certbind_core::{Binding, BindingStore, Kind, PropertyType, Result, Scan};

/// Lists of records, kept from one call to the next, so that enumerating n records is n steps and
/// not n scans. A change through the simulator drops them, and none is used or kept during a
/// change: another call may have seen its effect already.
///
/// Index 0 is never taken from a list: it is the store's first record, and it drops the list. So
/// changes that others made directly to the store are visible in the next enumeration, and a
/// program that deletes index 0 until none is left does not cause a full listing for each record.
#[derive(Default)]
pub(crate) struct Listings(Mutex<Cache>);

#[derive(Default)]
struct Cache {
    lists: HashMap<Kind, Arc<Vec<Binding>>>,
    /// The records that have each property, and of which of these index 0 was queried since.
    extended: HashMap<Kind, (Arc<Extended>, Vec<PropertyType>)>,
    /// How many changes are in progress.
    changing: usize,
    /// How often one has begun or ended, or a list was dropped: a list that was begun before is not
    /// kept after.
    epoch: u64,
}

/// The records that have a property, by its number.
type Extended = [Vec<Binding>; PropertyType::ALL.len()];

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

    /// The record at this index of those that have a property.
    ///
    /// A program asks for all properties of a kind one after the other, so one list serves all of
    /// them: until index 0 of one is queried again.
    pub(crate) fn with_property(
        &self,
        store: &dyn BindingStore,
        kind: Kind,
        of: PropertyType,
        index: u32,
    ) -> Result<Option<Binding>> {
        let lists = self.extended(store, kind, (index == 0).then_some(of))?;
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        Ok(lists[of as usize].get(index).cloned())
    }

    /// Forgets the lists, and keeps none until the change is over.
    #[must_use]
    pub(crate) fn begin_change(&self) -> ChangeGuard<'_> {
        let mut cache = self.lock();
        cache.lists.clear();
        cache.extended.clear();
        cache.changing += 1;
        cache.epoch += 1;
        ChangeGuard(self)
    }

    fn forget(&self, kind: Kind) {
        let mut cache = self.lock();
        cache.lists.remove(&kind);
        cache.epoch += 1;
    }

    fn list(&self, store: &dyn BindingStore, kind: Kind) -> Result<Arc<Vec<Binding>>> {
        let cache = self.lock();
        let epoch = cache.epoch;
        if let Some(list) = cache.lists.get(&kind) {
            return Ok(Arc::clone(list));
        }
        drop(cache);
        let found: Vec<_> = store
            .scan(&Scan::all().of_kind(kind))?
            .collect::<Result<_>>()?;
        let list = Arc::new(found);
        let mut cache = self.lock();
        if cache.changing == 0 && cache.epoch == epoch {
            cache.lists.insert(kind, Arc::clone(&list));
        }
        Ok(list)
    }

    fn extended(
        &self,
        store: &dyn BindingStore,
        kind: Kind,
        begun: Option<PropertyType>,
    ) -> Result<Arc<Extended>> {
        let mut cache = self.lock();
        let epoch = cache.epoch;
        if let Some((lists, asked)) = cache.extended.get_mut(&kind)
            && begun.is_none_or(|begun| !asked.contains(&begun))
        {
            asked.extend(begun);
            return Ok(Arc::clone(lists));
        }
        drop(cache);
        let mut lists = Extended::default();
        for binding in store.scan(&Scan::all().of_kind(kind))? {
            let binding = binding?;
            for property in &binding.record().extended {
                lists[property.property_type() as usize].push(binding.clone());
            }
        }
        let lists = Arc::new(lists);
        let mut cache = self.lock();
        if cache.changing == 0 && cache.epoch == epoch {
            let asked = begun.into_iter().collect();
            cache.extended.insert(kind, (Arc::clone(&lists), asked));
        }
        Ok(lists)
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change of the store in progress, which ends when this is dropped.
pub(crate) struct ChangeGuard<'a>(&'a Listings);

impl Drop for ChangeGuard<'_> {
    fn drop(&mut self) {
        let mut cache = self.0.lock();
        cache.changing -= 1;
        cache.epoch += 1;
    }
}

//! A store in memory, the reference implementation.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use crate::batch::{Applied, Batch};
use crate::binding::Binding;
use crate::capabilities::Capabilities;
use crate::error::Result;
use crate::key::BindingKey;
use crate::scan::{Bindings, Scan};
use crate::store::BindingStore;

/// A store in memory. Its bindings are lost when it is dropped.
///
/// It is the reference that the conformance suite compares other backends with.
///
/// ```
/// use certbind_core::{BindingStore, MemoryStore, Scan};
///
/// let store = MemoryStore::new();
/// assert_eq!(store.scan(&Scan::all())?.count(), 0);
/// # Ok::<(), certbind_core::StoreError>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Shared with the scans in progress; the first change during a scan copies it.
    bindings: Arc<BTreeMap<BindingKey, Binding>>,
    revision: u64,
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl BindingStore for MemoryStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::full()
            .with_durable(false)
            .with_multi_process(false)
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Ok(state.bindings.get(key).cloned())
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let bindings = Arc::clone(&state.bindings);
        let scan = scan.clone();
        let mut next = scan.bounds().0.cloned();
        Ok(Bindings::new(std::iter::from_fn(move || {
            if scan.is_empty() {
                return None;
            }
            let range = (next.as_ref(), scan.bounds().1);
            // `BTreeMap::range` panics if both bounds are the same key, excluded.
            if Scan::range((range.0.cloned(), range.1.cloned())).is_empty() {
                return None;
            }
            let (key, binding) = bindings
                .range::<BindingKey, _>(range)
                .find(|(key, _)| scan.contains(key))?;
            next = Bound::Excluded(key.clone());
            Some(Ok(binding.clone()))
        })))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let applied = batch.check(|key| Ok(state.bindings.get(key).cloned()))?;
        if batch.is_empty() {
            return Ok(applied);
        }
        let bindings = Arc::make_mut(&mut state.bindings);
        for outcome in applied.outcomes() {
            match outcome.after.clone() {
                Some(binding) => bindings.insert(outcome.key.clone(), binding),
                None => bindings.remove(&outcome.key),
            };
        }
        state.revision += 1;
        Ok(applied.at_revision(state.revision))
    }
}

//! A store with other capabilities.

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Change, Result, Scan,
};

/// A store with other capabilities than it declares by itself, for a fixture whose environment gives it
/// less (no second process reaches it) or more. Reads and changes are those of the store.
#[derive(Debug)]
pub struct Redeclared<S> {
    store: S,
    declare: fn(Capabilities) -> Capabilities,
}

impl<S> Redeclared<S> {
    /// The store, with the capabilities that `declare` derives from its own.
    pub fn new(store: S, declare: fn(Capabilities) -> Capabilities) -> Self {
        Self { store, declare }
    }
}

impl<S: BindingStore> BindingStore for Redeclared<S> {
    fn capabilities(&self) -> Capabilities {
        (self.declare)(self.store.capabilities())
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.store.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.store.scan(scan)
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        self.store.apply(batch)
    }

    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        self.store.bulk_load(changes)
    }
}

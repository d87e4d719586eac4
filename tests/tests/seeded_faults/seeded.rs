//! A store with a fault, over one without.

use std::marker::PhantomData;
use std::sync::Arc;

use certbind_conformance::Fixture;
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, CertHash, Change,
    MemoryStore, Precondition, Result, Scan, StoreError,
};

/// What is wrong with a store. What a fault does not say is as it should be.
///
/// A place keeps its fault as it keeps the bindings: both outlive the stores that are opened.
pub(crate) trait Fault: Default + Send + Sync + 'static {
    fn capabilities() -> Capabilities {
        Capabilities::full()
    }

    fn opened(&self, _store: &MemoryStore) {}

    fn get(&self, store: &MemoryStore, key: &BindingKey) -> Result<Option<Binding>> {
        store.get(key)
    }

    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        store.scan(scan)
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(batch)
    }

    /// With these in order, or in any other, as they came.
    fn bulk_load(&self, store: &MemoryStore, changes: Vec<Result<Change>>) -> Result<u64> {
        let changes: Vec<_> = changes.into_iter().collect::<Result<_>>()?;
        if let Some(pair) = changes.windows(2).find(|two| two[0].key() >= two[1].key()) {
            return Err(StoreError::out_of_order(pair[1].key().clone()));
        }
        let batch = batch(changes);
        self.apply(store, &batch)?;
        Ok(batch.len() as u64)
    }

    fn update(&self, store: &MemoryStore, binding: Binding) -> Result<Binding> {
        let key = binding.key().clone();
        let applied = self.apply(store, &Change::update(binding).into())?;
        let before = applied.outcomes().first().and_then(|o| o.before.clone());
        before.ok_or(StoreError::NotFound { key })
    }

    fn rotation(&self, store: &MemoryStore, old: &CertHash, new: &CertHash) -> Result<Batch> {
        store.rotation(old, new)
    }
}

/// A store without a fault.
#[derive(Default)]
pub(crate) struct NoFault;

impl Fault for NoFault {}

pub(crate) struct FaultyStore<D> {
    store: Arc<MemoryStore>,
    fault: Arc<D>,
}

impl<D: Fault> BindingStore for FaultyStore<D> {
    fn capabilities(&self) -> Capabilities {
        D::capabilities()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.fault.get(&self.store, key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.fault.scan(&self.store, scan)
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        self.fault.apply(&self.store, batch)
    }

    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        self.fault.bulk_load(&self.store, changes.collect())
    }

    fn update(&self, binding: Binding) -> Result<Binding> {
        self.fault.update(&self.store, binding)
    }

    fn rotation(&self, old: &CertHash, new: &CertHash) -> Result<Batch> {
        self.fault.rotation(&self.store, old, new)
    }
}

/// A place whose stores have the fault.
pub(crate) struct FaultyFixture<D> {
    store: Arc<MemoryStore>,
    fault: Arc<D>,
    seeded: PhantomData<D>,
}

impl<D: Fault> Fixture for FaultyFixture<D> {
    type Store = FaultyStore<D>;

    const PERSIST_FAILURES: bool = false;

    fn new() -> Self {
        Self {
            store: Arc::default(),
            fault: Arc::default(),
            seeded: PhantomData,
        }
    }

    fn open(&self) -> FaultyStore<D> {
        self.fault.opened(&self.store);
        FaultyStore {
            store: Arc::clone(&self.store),
            fault: Arc::clone(&self.fault),
        }
    }
}

/// Everything that the store holds.
pub(crate) fn all(store: &MemoryStore) -> Vec<Binding> {
    let scan = store.scan(&Scan::all()).expect("scan");
    scan.collect::<Result<_>>().expect("scan")
}

/// Makes the store hold this.
pub(crate) fn put_back(store: &MemoryStore, bindings: &[Binding]) {
    let gone = all(store).into_iter().map(|binding| binding.key().clone());
    let gone = gone.filter(|key| bindings.iter().all(|binding| binding.key() != key));
    let mut changes: Vec<_> = gone.map(Change::remove).collect();
    changes.extend(bindings.iter().cloned().map(Change::put));
    store.apply(&batch(changes)).expect("apply");
}

pub(crate) fn batch(changes: impl IntoIterator<Item = Change>) -> Batch {
    Batch::new(changes).expect("each key once")
}

/// The batch with other preconditions.
pub(crate) fn expecting(of: &Batch, expect: impl Fn(&Precondition) -> Precondition) -> Batch {
    batch(of.changes().iter().map(|change| {
        let becomes = change.new_value().cloned();
        Change::new(change.key().clone(), expect(change.precondition()), becomes).expect("one key")
    }))
}

/// The batch without preconditions.
pub(crate) fn blind(of: &Batch) -> Batch {
    expecting(of, |_| Precondition::Any)
}

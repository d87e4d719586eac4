//! A store with a fault, on top of a store without.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use certbind_conformance::Fixture;
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, CertHash, Change,
    MemoryStore, Precondition, Result, Scan, StoreError,
};

/// The source of a bulk load.
pub(crate) type Source<'a> = dyn Iterator<Item = Result<Change>> + Send + 'a;

/// A fault of a store. Each method is correct unless a fault overrides it.
///
/// The fixture holds the fault and the bindings: both outlive the stores that are opened.
pub(crate) trait Fault: Default + Send + Sync + 'static {
    fn capabilities() -> Capabilities {
        Capabilities::full()
    }

    /// The time limit of a check, for faults that never return.
    const TIME_LIMIT: Duration = Duration::from_secs(60);

    fn opened(&self, _store: &MemoryStore) {}

    /// The store of the handle that is opened now: that of the fixture, unless a fault copies it.
    fn handle(&self, store: &Arc<MemoryStore>) -> Result<Arc<MemoryStore>> {
        Ok(Arc::clone(store))
    }

    fn closed(&self, _shared: &MemoryStore, _own: &MemoryStore) {}

    /// A bulk load, change by change.
    fn stream(&self, store: &MemoryStore, source: &mut Source<'_>) -> Result<u64> {
        self.bulk_load(store, source.collect())
    }

    fn get(&self, store: &MemoryStore, key: &BindingKey) -> Result<Option<Binding>> {
        store.get(key)
    }

    fn scan<'a>(&'a self, store: &'a MemoryStore, scan: &Scan) -> Result<Bindings<'a>> {
        store.scan(scan)
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(batch)
    }

    /// A bulk load of these changes, in the order in which the source returned them.
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

pub(crate) struct FaultyStore<D: Fault> {
    shared: Arc<MemoryStore>,
    store: Arc<MemoryStore>,
    fault: Arc<D>,
}

impl<D: Fault> Drop for FaultyStore<D> {
    fn drop(&mut self) {
        self.fault.closed(&self.shared, &self.store);
    }
}

impl<D: Fault> BindingStore for FaultyStore<D> {
    fn capabilities(&self) -> Capabilities {
        D::capabilities().with_multi_process(false)
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
        self.fault.stream(&self.store, changes)
    }

    fn update(&self, binding: Binding) -> Result<Binding> {
        self.fault.update(&self.store, binding)
    }

    fn rotation(&self, old: &CertHash, new: &CertHash) -> Result<Batch> {
        self.fault.rotation(&self.store, old, new)
    }
}

/// A fixture whose stores have a fault, and at most `SIZE` keys.
pub(crate) struct FaultyFixture<D, const SIZE: usize> {
    store: Arc<MemoryStore>,
    fault: Arc<D>,
    seeded: PhantomData<D>,
}

impl<D: Fault, const SIZE: usize> Fixture for FaultyFixture<D, SIZE> {
    type Store = FaultyStore<D>;

    const PERSIST_FAILURES: bool = false;
    const MAX_KEYS: usize = SIZE;
    const TIME_LIMIT: Duration = D::TIME_LIMIT;

    fn new() -> Self {
        Self {
            store: Arc::default(),
            fault: Arc::default(),
            seeded: PhantomData,
        }
    }

    fn open(&self) -> Result<FaultyStore<D>> {
        let store = self.fault.handle(&self.store)?;
        self.fault.opened(&store);
        Ok(FaultyStore {
            shared: Arc::clone(&self.store),
            store,
            fault: Arc::clone(&self.fault),
        })
    }
}

/// All bindings of the store.
pub(crate) fn all(store: &MemoryStore) -> Vec<Binding> {
    let scan = store.scan(&Scan::all()).expect("scan");
    scan.collect::<Result<_>>().expect("scan")
}

/// Sets the contents of the store.
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

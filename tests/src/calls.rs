//! The calls of a store that have not returned.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, CertHash, Change,
    Result, Scan,
};

thread_local! {
    /// The calls of the check that runs on this thread.
    static CALLS: RefCell<Arc<Calls>> = RefCell::default();
    /// The slot of this thread, in the calls that it belongs to.
    static SLOT: RefCell<Option<(Arc<Calls>, Arc<AtomicUsize>)>> = const { RefCell::new(None) };
}

/// The calls of one check that have not returned: a slot for each thread, with 1 plus the position
/// in [`NAMES`].
#[derive(Default)]
pub(crate) struct Calls {
    slots: Mutex<Vec<Arc<AtomicUsize>>>,
    begun: AtomicUsize,
}

const NAMES: [&str; 13] = [
    "capabilities",
    "get",
    "scan",
    "the next binding of a scan",
    "apply",
    "bulk_load",
    "insert",
    "update",
    "put",
    "remove",
    "compare_and_swap",
    "rotation",
    "rotate",
];

impl Calls {
    /// Makes these the calls of the stores that this thread opens.
    pub(crate) fn enter(self: Arc<Self>) {
        CALLS.with(|calls| *calls.borrow_mut() = self);
    }

    /// How many calls have begun.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    pub(crate) fn unfinished(&self) -> String {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let codes = slots.iter().map(|slot| slot.load(Ordering::Relaxed));
        let names: Vec<_> = codes
            .filter_map(|code| NAMES.get(code.checked_sub(1)?).copied())
            .collect();
        match names.is_empty() {
            true => "no call of the store is unfinished".to_owned(),
            false => format!("these calls have not returned: {}", names.join(", ")),
        }
    }

    fn slot(self: &Arc<Self>) -> Arc<AtomicUsize> {
        SLOT.with_borrow_mut(|own| match own {
            Some((calls, slot)) if Arc::ptr_eq(calls, self) => Arc::clone(slot),
            _ => {
                let slot = Arc::new(AtomicUsize::new(0));
                let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
                slots.push(Arc::clone(&slot));
                *own = Some((Arc::clone(self), Arc::clone(&slot)));
                slot
            }
        })
    }

    fn begin(self: &Arc<Self>, name: &str) -> Call {
        let code = NAMES.iter().position(|known| *known == name);
        let slot = self.slot();
        self.begun.fetch_add(1, Ordering::Relaxed);
        let outer = slot.swap(code.map_or(0, |code| code + 1), Ordering::Relaxed);
        Call { slot, outer }
    }
}

/// A call in progress. The source of a bulk load calls the store again, so calls nest.
struct Call {
    slot: Arc<AtomicUsize>,
    outer: usize,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.slot.store(self.outer, Ordering::Relaxed);
    }
}

/// Forwards every call to a store, and notes which have not returned.
pub(crate) struct Watched {
    store: Box<dyn BindingStore>,
    calls: Arc<Calls>,
}

impl Watched {
    pub(crate) fn new(store: Box<dyn BindingStore>) -> Self {
        let calls = CALLS.with(|calls| Arc::clone(&calls.borrow()));
        Self { store, calls }
    }
}

impl BindingStore for Watched {
    fn capabilities(&self) -> Capabilities {
        let _call = self.calls.begin("capabilities");
        self.store.capabilities()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        let _call = self.calls.begin("get");
        self.store.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let _call = self.calls.begin("scan");
        let mut bindings = self.store.scan(scan)?;
        let calls = Arc::clone(&self.calls);
        Ok(Bindings::new(std::iter::from_fn(move || {
            let _call = calls.begin("the next binding of a scan");
            bindings.next()
        })))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let _call = self.calls.begin("apply");
        self.store.apply(batch)
    }

    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        let _call = self.calls.begin("bulk_load");
        self.store.bulk_load(changes)
    }

    fn insert(&self, binding: Binding) -> Result<()> {
        let _call = self.calls.begin("insert");
        self.store.insert(binding)
    }

    fn update(&self, binding: Binding) -> Result<Binding> {
        let _call = self.calls.begin("update");
        self.store.update(binding)
    }

    fn put(&self, binding: Binding) -> Result<Option<Binding>> {
        let _call = self.calls.begin("put");
        self.store.put(binding)
    }

    fn remove(&self, key: &BindingKey) -> Result<Binding> {
        let _call = self.calls.begin("remove");
        self.store.remove(key)
    }

    fn compare_and_swap(
        &self,
        key: &BindingKey,
        expected: Option<Binding>,
        new: Option<Binding>,
    ) -> Result<()> {
        let _call = self.calls.begin("compare_and_swap");
        self.store.compare_and_swap(key, expected, new)
    }

    fn rotation(&self, old: &CertHash, new: &CertHash) -> Result<Batch> {
        let _call = self.calls.begin("rotation");
        self.store.rotation(old, new)
    }

    fn rotate(&self, old: &CertHash, new: &CertHash) -> Result<Applied> {
        let _call = self.calls.begin("rotate");
        self.store.rotate(old, new)
    }
}

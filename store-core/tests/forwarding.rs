//! Pointers to stores, and wrappers made by the macro, forward every method of a store.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, CertHash, Change,
    MemoryStore, Record, Result, Scan, Uuid, forward_binding_store,
};

/// Records the names of the methods that are called on it. It implements every method itself: a call
/// of a provided method that was not forwarded arrives under another name.
#[derive(Default)]
struct Spy {
    store: MemoryStore,
    called: Mutex<Vec<&'static str>>,
}

impl Spy {
    fn call(&self, name: &'static str) -> &MemoryStore {
        self.called.lock().unwrap().push(name);
        &self.store
    }
}

impl BindingStore for Spy {
    fn capabilities(&self) -> Capabilities {
        self.call("capabilities").capabilities()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.call("get").get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.call("scan").scan(scan)
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        self.call("apply").apply(batch)
    }

    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        self.call("bulk_load").bulk_load(changes)
    }

    fn insert(&self, binding: Binding) -> Result<()> {
        self.call("insert").insert(binding)
    }

    fn update(&self, binding: Binding) -> Result<Binding> {
        self.call("update").update(binding)
    }

    fn put(&self, binding: Binding) -> Result<Option<Binding>> {
        self.call("put").put(binding)
    }

    fn remove(&self, key: &BindingKey) -> Result<Binding> {
        self.call("remove").remove(key)
    }

    fn compare_and_swap(
        &self,
        key: &BindingKey,
        expected: Option<Binding>,
        new: Option<Binding>,
    ) -> Result<()> {
        self.call("compare_and_swap")
            .compare_and_swap(key, expected, new)
    }

    fn rotation(&self, old: &CertHash, new: &CertHash) -> Result<Batch> {
        self.call("rotation").rotation(old, new)
    }

    fn rotate(&self, old: &CertHash, new: &CertHash) -> Result<Applied> {
        self.call("rotate").rotate(old, new)
    }
}

struct Named<S> {
    name: &'static str,
    store: S,
}

forward_binding_store!([S: BindingStore] Named<S>, |named| &named.store);

/// Calls every method once, and returns their names in that order.
fn call_all(store: impl BindingStore) -> Vec<&'static str> {
    let hash = |byte| CertHash::new([byte; 20]);
    let binding = |byte| {
        let record = Record::new(hash(byte), None, Uuid::nil());
        Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()
    };
    let key = binding(1).key().clone();
    store.capabilities();
    store.insert(binding(1)).unwrap();
    assert_eq!(store.get(&key).unwrap(), Some(binding(1)));
    assert_eq!(store.scan(&Scan::all()).unwrap().count(), 1);
    assert_eq!(store.update(binding(2)).unwrap(), binding(1));
    assert_eq!(store.put(binding(3)).unwrap(), Some(binding(2)));
    store
        .compare_and_swap(&key, Some(binding(3)), Some(binding(4)))
        .unwrap();
    assert_eq!(store.rotation(&hash(4), &hash(5)).unwrap().len(), 1);
    let rotated = store.rotate(&hash(4), &hash(5)).unwrap();
    assert_eq!(rotated.outcomes().len(), 1);
    assert_eq!(store.remove(&key).unwrap(), binding(5));
    store.apply(&Change::insert(binding(6)).into()).unwrap();
    let mut changes = [Ok(Change::remove(key))].into_iter();
    assert_eq!(store.bulk_load(&mut changes).unwrap(), 1);
    vec![
        "capabilities",
        "insert",
        "get",
        "scan",
        "update",
        "put",
        "compare_and_swap",
        "rotation",
        "rotate",
        "remove",
        "apply",
        "bulk_load",
    ]
}

fn assert_forwards<S: BindingStore>(wrap: impl FnOnce(&'static Spy) -> S) {
    let spy: &'static Spy = Box::leak(Box::default());
    let expected = call_all(wrap(spy));
    assert_eq!(*spy.called.lock().unwrap(), expected);
}

#[test]
fn pointers_forward_every_method() {
    assert_forwards(|spy| -> &'static dyn BindingStore { spy });
    assert_forwards(|spy| &*Box::leak(Box::new(spy)));
    assert_forwards(|spy| -> Box<dyn BindingStore> { Box::new(spy) });
    assert_forwards(|spy| -> Arc<dyn BindingStore> { Arc::new(spy) });
}

#[test]
fn a_wrapper_made_by_the_macro_forwards_every_method() {
    assert_forwards(|store| {
        let named = Named { name: "x", store };
        assert_eq!(named.name, "x");
        named
    });
}

/// The tests above call every method of the trait, so that a new one cannot be forgotten.
#[test]
fn every_method_of_the_trait_is_called() {
    let source = include_str!("../src/store.rs");
    let body = source.split("pub trait BindingStore").nth(1).unwrap();
    let body = body.split("\n}\n").next().unwrap();
    let methods = body.lines().filter_map(|line| {
        let rest = line.strip_prefix("    fn ")?;
        rest.split('(').next()
    });
    let methods: BTreeSet<_> = methods.collect();
    let called: BTreeSet<_> = call_all(MemoryStore::new()).into_iter().collect();
    assert!(methods.len() >= 12, "{methods:?}");
    assert_eq!(methods, called);
}

//! Stores of every kind, to plan from and to.

use std::collections::BTreeMap;
use std::sync::Arc;

use certbind_core::strategy::{binding_of, few_keys};
use certbind_core::{
    Binding, BindingKey, BindingStore, CertHash, Kind, MemoryStore, Record, Scan, Uuid,
};
use certbind_httpsys::HttpSysStore;
use certbind_redb::RedbStore;
use certbind_simulator::Simulator;
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

pub(crate) type Bindings = BTreeMap<BindingKey, Binding>;

/// Makes a backend with an empty store.
type Make = fn() -> Backend;

/// The backends by name.
pub(crate) const BACKENDS: [(&str, Make); 3] =
    [("memory", memory), ("redb", redb), ("httpsys", httpsys)];

pub(crate) struct Backend {
    pub(crate) store: Box<dyn BindingStore>,
    _folder: Option<TempDir>,
}

pub(crate) fn memory() -> Backend {
    Backend {
        store: Box::new(MemoryStore::new()),
        _folder: None,
    }
}

fn redb() -> Backend {
    let folder = TempDir::new().unwrap();
    Backend {
        store: Box::new(RedbStore::open(folder.path().join("bindings.redb")).unwrap()),
        _folder: Some(folder),
    }
}

/// The HTTP Server API, simulated.
fn httpsys() -> Backend {
    let folder = TempDir::new().unwrap();
    let simulator = Arc::new(Simulator::new(Arc::new(MemoryStore::new())));
    let journal = folder.path().to_owned();
    Backend {
        store: Box::new(
            HttpSysStore::builder(simulator)
                .journal(journal)
                .open()
                .unwrap(),
        ),
        _folder: Some(folder),
    }
}

impl Backend {
    pub(crate) fn with(self, bindings: &Bindings) -> Self {
        for binding in bindings.values() {
            self.store.insert(binding.clone()).unwrap();
        }
        self
    }

    pub(crate) fn held(&self) -> Bindings {
        let scan = self.store.scan(&Scan::all()).unwrap();
        scan.map(|b| b.unwrap())
            .map(|b| (b.key().clone(), b))
            .collect()
    }
}

/// Up to twenty bindings that every backend can contain.
pub(crate) fn bindings() -> impl Strategy<Value = Bindings> {
    let binding = binding_of(few_keys(&Kind::ALL)).prop_map(|binding| {
        // HTTP.sys takes no options on the port of the central certificate store.
        if binding.key().kind() == Kind::Ccs {
            let record = Record::central(binding.record().app_id);
            return binding.with_record(record).unwrap();
        }
        binding
    });
    vec(binding, 0..20).prop_map(|list| list.into_iter().map(|b| (b.key().clone(), b)).collect())
}

pub(crate) fn of(bindings: &[Binding]) -> Bindings {
    let keyed = |b: &Binding| (b.key().clone(), b.clone());
    bindings.iter().map(keyed).collect()
}

pub(crate) fn bound(key: &str, hash: u8) -> Binding {
    let key: BindingKey = key.parse().unwrap();
    let record = if key.kind().names_certificate() {
        Record::new(CertHash::new([hash; 20]), None, Uuid::nil())
    } else {
        Record::central(Uuid::nil())
    };
    Binding::new(key, record).unwrap()
}

pub(crate) fn stream(bindings: &Bindings) -> impl Iterator<Item = certbind_core::Result<Binding>> {
    bindings.clone().into_values().map(Ok)
}

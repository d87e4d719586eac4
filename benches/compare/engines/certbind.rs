//! certbind's own store.

use std::path::Path;

use backend_redb::{Options, RedbStore};
use store_core::{Batch, Binding, BindingKey, BindingStore, Change, Scan};

use crate::engine::{Engine, Kind, Writer};

pub(crate) const RESIDENT: Kind = Kind {
    name: "certbind, resident",
    package: "backend-redb",
    how: "`Options::resident`: read from memory",
    ours: true,
    import: |folder, bindings| import(folder, bindings, true),
    open: Some(|folder| Box::new(open(folder, true))),
};

pub(crate) const ON_DISK: Kind = Kind {
    name: "certbind",
    package: "backend-redb",
    how: "read from the file; like the others, opened without reading all of it first",
    ours: true,
    import: |folder, bindings| import(folder, bindings, false),
    open: Some(|folder| Box::new(open(folder, false))),
};

fn open(folder: &Path, resident: bool) -> RedbStore {
    let options = Options::new().verify(false).resident(resident);
    options.open(folder.join("bindings.redb")).unwrap()
}

fn import(folder: &Path, bindings: &[Binding], resident: bool) -> Box<dyn Engine> {
    let store = open(folder, resident);
    let changes = bindings
        .iter()
        .map(|binding| Change::insert(binding.clone()));
    store.apply(&Batch::new(changes).unwrap()).unwrap();
    Box::new(store)
}

impl Engine for RedbStore {
    fn get(&self, key: &BindingKey) -> Option<Binding> {
        BindingStore::get(self, key).unwrap()
    }

    fn scan(&self) -> usize {
        let bindings = BindingStore::scan(self, &Scan::all()).unwrap();
        bindings
            .map(Result::unwrap)
            .map(std::hint::black_box)
            .count()
    }

    fn writer(&self) -> Option<Writer<'_>> {
        Some(Box::new(|binding| {
            self.put(binding.clone()).unwrap();
        }))
    }
}

//! certbind's own store.

use std::path::Path;

use certbind_core::{Binding, BindingKey, BindingStore, Change, Scan};
use certbind_redb::{Options, RedbStore};

use crate::engine::{Engine, Kind, Writer};

pub(crate) const RESIDENT: Kind = Kind {
    name: "certbind, resident",
    package: "certbind-redb",
    how: "`Options::resident`: read from memory",
    ours: true,
    import: |folder, bindings| import(open(folder, resident()), bindings),
    open: Some(|folder| Box::new(open(folder, resident()))),
};

pub(crate) const ON_DISK: Kind = Kind {
    name: "certbind",
    package: "certbind-redb",
    how: "read from the file; like the others, opened without reading all of it first. Of the small \
          store, what was read is kept as it was decoded",
    ours: true,
    import: |folder, bindings| import(open(folder, Options::new()), bindings),
    open: Some(|folder| Box::new(open(folder, Options::new()))),
};

pub(crate) const NOTHING_KEPT: Kind = Kind {
    name: "certbind, nothing kept",
    package: "certbind-redb",
    how: "`Options::recent(0)`: the same, and every get decodes",
    ours: true,
    import: |folder, bindings| import(open(folder, Options::new().recent(0)), bindings),
    open: Some(|folder| Box::new(open(folder, Options::new().recent(0)))),
};

fn resident() -> Options {
    Options::new().resident(true)
}

fn open(folder: &Path, options: Options) -> RedbStore {
    let options = options.verify(false);
    options.open(folder.join("bindings.redb")).unwrap()
}

fn import(store: RedbStore, bindings: &[Binding]) -> Box<dyn Engine> {
    let changes = bindings
        .iter()
        .map(|binding| Ok(Change::insert(binding.clone())));
    store.bulk_load(&mut { changes }).unwrap();
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

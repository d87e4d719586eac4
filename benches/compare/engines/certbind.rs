//! certbind's own store.

use std::path::Path;

use certbind_core::history::{Author, HistoryOptions};
use certbind_core::{Binding, BindingKey, BindingStore, Change, Scan};
use certbind_redb::{ReadMode, RedbBuilder, RedbStore, Verification};

use crate::engine::{Engine, Kind, Writer};

pub(crate) const IN_MEMORY: Kind = Kind {
    name: "certbind, in-memory",
    package: "certbind-redb",
    how: "`ReadMode::InMemory`: reads from memory",
    ours: true,
    import: |folder, bindings| import(open(folder, in_memory()), bindings),
    open: Some(|folder| Box::new(open(folder, in_memory()))),
};

pub(crate) const FROM_FILE: Kind = Kind {
    name: "certbind",
    package: "certbind-redb",
    how: "reads from the file; opened without verifying all of it, as the others are. The row cache \
          holds the small store",
    ours: true,
    import: |folder, bindings| import(open(folder, RedbStore::builder()), bindings),
    open: Some(|folder| Box::new(open(folder, RedbStore::builder()))),
};

pub(crate) const NO_ROW_CACHE: Kind = Kind {
    name: "certbind, no row cache",
    package: "certbind-redb",
    how: "`row_cache_entries(0)`: the same, and every get decodes its row",
    ours: true,
    import: |folder, bindings| {
        import(
            open(folder, RedbStore::builder().row_cache_entries(0)),
            bindings,
        )
    },
    open: Some(|folder| Box::new(open(folder, RedbStore::builder().row_cache_entries(0)))),
};

pub(crate) const WITH_HISTORY: Kind = Kind {
    name: "certbind with history",
    package: "certbind-redb",
    how: "as certbind, and keeps what each commit replaced, as the program does by default",
    ours: true,
    import: |folder, bindings| import(open(folder, with_history()), bindings),
    open: Some(|folder| Box::new(open(folder, with_history()))),
};

fn with_history() -> RedbBuilder {
    RedbStore::builder().history(HistoryOptions {
        author: Author {
            user: "CONTOSO\\administrator".to_owned(),
            host: "WEB01".to_owned(),
            command: "certbind update".to_owned(),
            message: String::new(),
        },
        ..HistoryOptions::default()
    })
}

fn in_memory() -> RedbBuilder {
    RedbStore::builder().read_mode(ReadMode::InMemory)
}

fn open(folder: &Path, builder: RedbBuilder) -> RedbStore {
    let builder = builder.verification(Verification::HeaderOnly);
    builder.open(folder.join("bindings.redb")).unwrap()
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

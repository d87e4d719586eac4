//! redb, bare.

use std::path::Path;

use certbind_core::codec::{decode_key, encode_key};
use certbind_core::{Binding, BindingKey};
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};

use super::{decoded, encoded};
use crate::engine::{Engine, Kind, Writer};

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("bindings");

pub(crate) const EACH: Kind = Kind {
    name: "redb",
    package: "redb",
    how: "a transaction for each call",
    ours: false,
    import: |folder, bindings| Box::new(Each(import(folder, bindings))),
    open: Some(|folder| Box::new(Each(open(folder)))),
};

pub(crate) const SHARED_VIEW: Kind = Kind {
    name: "redb, one snapshot",
    package: "redb",
    how: "one read transaction for all calls, which sees no change",
    ours: false,
    import: |folder, bindings| Box::new(SharedView::of(import(folder, bindings))),
    open: Some(|folder| Box::new(SharedView::of(open(folder)))),
};

struct Each(Database);

struct SharedView {
    table: ReadOnlyTable<&'static [u8], &'static [u8]>,
    _database: Database,
}

fn open(folder: &Path) -> Database {
    Database::create(folder.join("bindings.redb")).unwrap()
}

fn import(folder: &Path, bindings: &[Binding]) -> Database {
    let database = open(folder);
    let transaction = database.begin_write().unwrap();
    {
        let mut table = transaction.open_table(TABLE).unwrap();
        for binding in bindings {
            let (key, value) = encoded(binding);
            table.insert(&*key, &*value).unwrap();
        }
    }
    transaction.commit().unwrap();
    database
}

fn table(database: &Database) -> ReadOnlyTable<&'static [u8], &'static [u8]> {
    let transaction = database.begin_read().unwrap();
    transaction.open_table(TABLE).unwrap()
}

fn get(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &BindingKey,
) -> Option<Binding> {
    let value = table.get(&*encode_key(key)).unwrap()?;
    Some(decoded(key.clone(), value.value()))
}

fn scan(table: &impl ReadableTable<&'static [u8], &'static [u8]>) -> usize {
    let bindings = table.iter().unwrap().map(|entry| {
        let (key, value) = entry.unwrap();
        decoded(decode_key(key.value()).unwrap(), value.value())
    });
    bindings.map(std::hint::black_box).count()
}

impl SharedView {
    fn of(database: Database) -> Self {
        Self {
            table: table(&database),
            _database: database,
        }
    }
}

impl Engine for Each {
    fn get(&self, key: &BindingKey) -> Option<Binding> {
        get(&table(&self.0), key)
    }

    fn scan(&self) -> usize {
        scan(&table(&self.0))
    }

    fn writer(&self) -> Option<Writer<'_>> {
        Some(Box::new(|binding| {
            let (key, value) = encoded(binding);
            let transaction = self.0.begin_write().unwrap();
            let mut table = transaction.open_table(TABLE).unwrap();
            table.insert(&*key, &*value).unwrap();
            drop(table);
            transaction.commit().unwrap();
        }))
    }
}

impl Engine for SharedView {
    fn get(&self, key: &BindingKey) -> Option<Binding> {
        get(&self.table, key)
    }

    fn scan(&self) -> usize {
        scan(&self.table)
    }

    fn writer(&self) -> Option<Writer<'_>> {
        None
    }
}

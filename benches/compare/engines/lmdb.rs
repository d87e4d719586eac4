//! LMDB, by heed.

#![allow(
    unsafe_code,
    reason = "LMDB maps its file, which nobody else changes here"
)]

use std::path::Path;

use certbind_core::codec::{decode_key, encode_key};
use certbind_core::{Binding, BindingKey};
use heed::types::Bytes;
use heed::{Database, Env, EnvOpenOptions, PutFlags, RoTxn, WithTls};

use super::{decoded, encoded};
use crate::engine::{Engine, Kind, Writer};

pub(crate) const EACH: Kind = Kind {
    name: "LMDB",
    package: "heed",
    how: "a transaction for each call; imports append",
    ours: false,
    import: |folder, bindings| Box::new(import(folder, bindings)),
    open: Some(|folder| Box::new(open(folder))),
};

pub(crate) const SHARED_VIEW: Kind = Kind {
    name: "LMDB, one snapshot",
    package: "heed",
    how: "one read transaction for all calls, which sees no change",
    ours: false,
    import: |folder, bindings| Box::new(SharedView::of(import(folder, bindings))),
    open: Some(|folder| Box::new(SharedView::of(open(folder)))),
};

struct Lmdb {
    environment: Env,
    database: Database<Bytes, Bytes>,
}

struct SharedView {
    transaction: RoTxn<'static, WithTls>,
    database: Database<Bytes, Bytes>,
}

fn open(folder: &Path) -> Lmdb {
    let mut options = EnvOpenOptions::new();
    options.map_size(1 << 32).max_readers(256);
    // SAFETY: the folder is this process's own, and opened once at a time.
    let environment = unsafe { options.open(folder) }.unwrap();
    let mut transaction = environment.write_txn().unwrap();
    let database = environment.create_database(&mut transaction, None).unwrap();
    transaction.commit().unwrap();
    Lmdb {
        environment,
        database,
    }
}

fn import(folder: &Path, bindings: &[Binding]) -> Lmdb {
    let lmdb = open(folder);
    let mut transaction = lmdb.environment.write_txn().unwrap();
    for binding in bindings {
        let (key, value) = encoded(binding);
        let appended =
            lmdb.database
                .put_with_flags(&mut transaction, PutFlags::APPEND, &key, &value);
        appended.unwrap();
    }
    transaction.commit().unwrap();
    lmdb
}

fn get(database: Database<Bytes, Bytes>, txn: &RoTxn<'_>, key: &BindingKey) -> Option<Binding> {
    let value = database.get(txn, &encode_key(key)).unwrap()?;
    Some(decoded(key.clone(), value))
}

fn scan(database: Database<Bytes, Bytes>, transaction: &RoTxn<'_>) -> usize {
    let bindings = database.iter(transaction).unwrap().map(|entry| {
        let (key, value) = entry.unwrap();
        decoded(decode_key(key).unwrap(), value)
    });
    bindings.map(std::hint::black_box).count()
}

impl SharedView {
    fn of(lmdb: Lmdb) -> Self {
        Self {
            transaction: lmdb.environment.static_read_txn().unwrap(),
            database: lmdb.database,
        }
    }
}

impl Engine for Lmdb {
    fn get(&self, key: &BindingKey) -> Option<Binding> {
        get(self.database, &self.environment.read_txn().unwrap(), key)
    }

    fn scan(&self) -> usize {
        scan(self.database, &self.environment.read_txn().unwrap())
    }

    fn writer(&self) -> Option<Writer<'_>> {
        Some(Box::new(|binding| {
            let (key, value) = encoded(binding);
            let mut transaction = self.environment.write_txn().unwrap();
            self.database.put(&mut transaction, &key, &value).unwrap();
            transaction.commit().unwrap();
        }))
    }
}

impl Engine for SharedView {
    fn get(&self, key: &BindingKey) -> Option<Binding> {
        get(self.database, &self.transaction, key)
    }

    fn scan(&self) -> usize {
        scan(self.database, &self.transaction)
    }

    fn writer(&self) -> Option<Writer<'_>> {
        None
    }
}

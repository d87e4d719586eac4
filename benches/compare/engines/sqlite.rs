//! SQLite, as it advises for durability: a write-ahead log that is synced at each commit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use certbind_core::codec::{decode_key, encode_key};
use certbind_core::{Binding, BindingKey};
use rusqlite::{Connection, OptionalExtension, params};

use super::{decoded, encoded};
use crate::engine::{Engine, Kind, Writer};

pub(crate) const SQLITE: Kind = Kind {
    name: "SQLite",
    package: "rusqlite",
    how: "WAL, synchronous FULL, WITHOUT ROWID, prepared statements, a connection for each thread",
    ours: false,
    import: |folder, bindings| Box::new(import(folder, bindings)),
    open: Some(|folder| Box::new(open(folder))),
};

const PUT: &str = "INSERT OR REPLACE INTO bindings (key, value) VALUES (?1, ?2)";

struct Sqlite {
    path: PathBuf,
    connection: Connection,
}

fn open(folder: &Path) -> Sqlite {
    let path = folder.join("bindings.sqlite");
    let connection = connect(&path);
    Sqlite { path, connection }
}

fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(60)).unwrap();
    connection
        .pragma_update(None, "journal_mode", "wal")
        .unwrap();
    connection
        .pragma_update(None, "synchronous", "full")
        .unwrap();
    connection
}

fn import(folder: &Path, bindings: &[Binding]) -> Sqlite {
    let mut sqlite = open(folder);
    let create = "CREATE TABLE bindings (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";
    sqlite.connection.execute(create, []).unwrap();
    let transaction = sqlite.connection.transaction().unwrap();
    let mut put = transaction.prepare_cached(PUT).unwrap();
    for binding in bindings {
        let (key, value) = encoded(binding);
        put.execute(params![key, value]).unwrap();
    }
    drop(put);
    transaction.commit().unwrap();
    sqlite
}

impl Engine for Sqlite {
    fn get(&self, key: &BindingKey) -> Option<Binding> {
        let query = "SELECT value FROM bindings WHERE key = ?1";
        let mut query = self.connection.prepare_cached(query).unwrap();
        let found = query.query_row([encode_key(key)], |row| {
            Ok(decoded(key.clone(), row.get_ref(0)?.as_blob()?))
        });
        found.optional().unwrap()
    }

    fn scan(&self) -> usize {
        let query = "SELECT key, value FROM bindings ORDER BY key";
        let mut query = self.connection.prepare_cached(query).unwrap();
        let bindings = query.query_map([], |row| {
            let key = decode_key(row.get_ref(0)?.as_blob()?).unwrap();
            Ok(decoded(key, row.get_ref(1)?.as_blob()?))
        });
        let bindings = bindings.unwrap().map(Result::unwrap);
        bindings.map(std::hint::black_box).count()
    }

    fn writer(&self) -> Option<Writer<'_>> {
        let connection = connect(&self.path);
        Some(Box::new(move |binding| {
            let (key, value) = encoded(binding);
            let mut put = connection.prepare_cached(PUT).unwrap();
            put.execute(params![key, value]).unwrap();
        }))
    }
}

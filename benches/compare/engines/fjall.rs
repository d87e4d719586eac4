//! fjall.

use std::path::Path;

use certbind_core::codec::{decode_key, encode_key};
use certbind_core::{Binding, BindingKey};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{decoded, encoded};
use crate::engine::{Engine, Kind, Writer};

pub(crate) const FJALL: Kind = Kind {
    name: "fjall",
    package: "fjall",
    how: "`persist(SyncAll)` behind each put; imports are ingested",
    ours: false,
    import: |folder, bindings| Box::new(import(folder, bindings)),
    open: Some(|folder| Box::new(open(folder))),
};

struct Fjall {
    keyspace: Keyspace,
    database: Database,
}

fn open(folder: &Path) -> Fjall {
    let database = Database::builder(folder).open().unwrap();
    let keyspace = database.keyspace("bindings", KeyspaceCreateOptions::default);
    Fjall {
        keyspace: keyspace.unwrap(),
        database,
    }
}

fn import(folder: &Path, bindings: &[Binding]) -> Fjall {
    let fjall = open(folder);
    let mut ingestion = fjall.keyspace.start_ingestion().unwrap();
    for binding in bindings {
        let (key, value) = encoded(binding);
        ingestion.write(key, value).unwrap();
    }
    ingestion.finish().unwrap();
    fjall.database.persist(PersistMode::SyncAll).unwrap();
    fjall
}

impl Engine for Fjall {
    fn get(&self, key: &BindingKey) -> Option<Binding> {
        let value = self.keyspace.get(encode_key(key)).unwrap()?;
        Some(decoded(key.clone(), &value))
    }

    fn scan(&self) -> usize {
        let bindings = self.keyspace.iter().map(|entry| {
            let (key, value) = entry.into_inner().unwrap();
            decoded(decode_key(&key).unwrap(), &value)
        });
        bindings.map(std::hint::black_box).count()
    }

    fn writer(&self) -> Option<Writer<'_>> {
        Some(Box::new(|binding| {
            let (key, value) = encoded(binding);
            self.keyspace.insert(key, value).unwrap();
            self.database.persist(PersistMode::SyncAll).unwrap();
        }))
    }
}

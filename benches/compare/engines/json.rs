//! The store without an engine: a JSON file, read and written as a whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use certbind_core::{Binding, BindingKey};

use crate::engine::{Engine, Kind, Writer};

pub(crate) const JSON: Kind = Kind {
    name: "JSON file",
    package: "serde_json",
    how: "kept in memory; written anew beside, synced and renamed at each put",
    ours: false,
    import: |folder, bindings| Box::new(import(folder, bindings)),
    open: Some(|folder| Box::new(open(folder))),
};

struct Json {
    path: PathBuf,
    bindings: Mutex<BTreeMap<BindingKey, Binding>>,
}

fn path(folder: &Path) -> PathBuf {
    folder.join("bindings.json")
}

fn open(folder: &Path) -> Json {
    let path = path(folder);
    let file = BufReader::new(File::open(&path).unwrap());
    let bindings: Vec<Binding> = serde_json::from_reader(file).unwrap();
    let pairs = bindings
        .into_iter()
        .map(|binding| (binding.key().clone(), binding));
    Json {
        path,
        bindings: Mutex::new(pairs.collect()),
    }
}

fn import(folder: &Path, bindings: &[Binding]) -> Json {
    let pairs = bindings
        .iter()
        .map(|binding| (binding.key().clone(), binding.clone()));
    let json = Json {
        path: path(folder),
        bindings: Mutex::new(pairs.collect()),
    };
    write(&json.path, &json.bindings.lock().unwrap());
    json
}

fn write(path: &Path, bindings: &BTreeMap<BindingKey, Binding>) {
    let beside = path.with_extension("new");
    let mut file = BufWriter::new(File::create(&beside).unwrap());
    let all: Vec<_> = bindings.values().collect();
    serde_json::to_writer(&mut file, &all).unwrap();
    file.flush().unwrap();
    file.get_ref().sync_all().unwrap();
    std::fs::rename(&beside, path).unwrap();
    File::open(path.parent().unwrap())
        .unwrap()
        .sync_all()
        .unwrap();
}

impl Engine for Json {
    fn get(&self, key: &BindingKey) -> Option<Binding> {
        self.bindings.lock().unwrap().get(key).cloned()
    }

    fn scan(&self) -> usize {
        let bindings = self.bindings.lock().unwrap();
        bindings.values().cloned().map(std::hint::black_box).count()
    }

    fn writer(&self) -> Option<Writer<'_>> {
        Some(Box::new(|binding| {
            let mut bindings = self.bindings.lock().unwrap();
            bindings.insert(binding.key().clone(), binding.clone());
            write(&self.path, &bindings);
        }))
    }
}

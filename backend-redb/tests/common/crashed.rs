//! Stores in files that were not closed, each with its log.

use std::fs;
use std::path::{Path, PathBuf};

use certbind_core::{Binding, BindingStore, StoreError};
use certbind_redb::RedbStore;
use tempfile::{TempDir, tempdir};

use super::disk::Disk;
use super::{IMAGES, binding, contents, key, open, with_wal};

pub(crate) fn wal_of(path: &Path) -> PathBuf {
    path.with_file_name("bindings.redb-log")
}

pub(crate) fn names(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

pub(crate) const ALONE: [&str; 1] = ["bindings.redb"];
pub(crate) const BOTH: [&str; 2] = ["bindings.redb", "bindings.redb-log"];

/// A store that was not closed: three commits are in the file, and `in_wal` more in its WAL.
pub(crate) fn crashed(in_wal: u16) -> (TempDir, PathBuf, Vec<Binding>) {
    let writing = tempdir().unwrap();
    let path = writing.path().join("bindings.redb");
    let store = with_wal(2).open(&path).unwrap();
    for number in 0..3 + in_wal {
        store.insert(binding(number, 1)).unwrap();
    }
    let directory = tempdir().unwrap();
    for name in names(&writing) {
        fs::copy(writing.path().join(&name), directory.path().join(&name)).unwrap();
    }
    let path = directory.path().join("bindings.redb");
    (directory, path, contents(&store))
}

/// Asserts the error of each way to open the file, which leaves it byte for byte unchanged.
#[track_caller]
pub(crate) fn assert_refused(path: &Path, expected: &str) {
    let files = [path.to_owned(), wal_of(path)];
    let before = files.each_ref().map(|path| fs::read(path).ok());
    for error in [
        RedbStore::open(path).unwrap_err(),
        RedbStore::open_existing(path).unwrap_err(),
        RedbStore::open_read_only(path).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        let said = error.to_string();
        assert!(
            ["bindings.redb-log", expected, "check --discard-wal"]
                .iter()
                .all(|part| said.contains(part)),
            "{said}"
        );
    }
    assert!(files.each_ref().map(|path| fs::read(path).ok()) == before);
}

/// A disk with a store that was not closed, and its contents.
pub(crate) fn crashed_disk() -> (Disk, (u64, Vec<Binding>)) {
    let disk = Disk::of(&IMAGES[0]).opened_with(with_wal(1));
    let store = open(&disk).unwrap();
    for number in 0..7 {
        store.put(binding(number, 1)).unwrap();
    }
    store.remove(&key(5)).unwrap();
    (disk.copy(), (store.revision(), contents(&store)))
}

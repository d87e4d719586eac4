//! The file in the place of a WAL: a missing, foreign or damaged one is always reported, and a WAL of
//! another store is left unchanged.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::fs;
use std::path::Path;

use certbind_core::{Binding, BindingStore};
use certbind_redb::RedbStore;
use common::crashed::{ALONE, BOTH, assert_refused, crashed, crashed_disk, names, wal_of};
use common::disk::{BROKEN, Operation, Plan};
use common::{binding, contents, open, with_wal};
use tempfile::tempdir;

#[test]
fn missing_wal_is_refused_unless_discarded() {
    let (directory, path, held) = crashed(4);
    fs::remove_file(wal_of(&path)).unwrap();
    assert_refused(&path, "missing");
    for options in [RedbStore::builder(), with_wal(0)] {
        let options = options.discard_wal();
        let store = options.open_read_only(&path).unwrap();
        assert_eq!(
            (store.revision(), contents(&store)),
            (3, held[..3].to_vec())
        );
    }
    assert_refused(&path, "missing");
    drop(RedbStore::builder().discard_wal().open(&path).unwrap());
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(
        (store.revision(), contents(&store)),
        (3, held[..3].to_vec())
    );
    assert_eq!(names(&directory), ALONE);
}

#[test]
fn damaged_wal_can_be_discarded() {
    let log = {
        let (_directory, path, _) = crashed(4);
        fs::read(wal_of(&path)).unwrap()
    };
    let given_up = |damaged: &dyn Fn(&mut Vec<u8>), said: &str, left: &[&str]| {
        let (directory, path, held) = crashed(4);
        let mut log = fs::read(wal_of(&path)).unwrap();
        damaged(&mut log);
        fs::write(wal_of(&path), log).unwrap();
        assert_refused(&path, said);
        drop(RedbStore::builder().discard_wal().open(&path).unwrap());
        assert_eq!(names(&directory), left);
        let store = RedbStore::open(&path).unwrap();
        assert_eq!(
            (store.revision(), contents(&store)),
            (3, held[..3].to_vec())
        );
    };
    given_up(&|log| log.truncate(700), "length has changed", &ALONE);
    given_up(&|log| log[30] ^= 1, "damaged, or not a WAL", &ALONE);
    given_up(&|log| log[600] ^= 1, "follow an invalid one", &ALONE);
    given_up(&|log| *log = b"a log?".to_vec(), "truncated", &BOTH);
    given_up(&|log| log.fill(7), "damaged, or not a WAL", &BOTH);
    given_up(&|other| other.clone_from(&log), "another store", &BOTH);
}

#[test]
fn foreign_or_stale_wal_is_refused() {
    let (_directory, path, _) = crashed(4);
    let (_other_directory, other, _) = crashed(4);
    let own = fs::read(wal_of(&path)).unwrap();
    fs::copy(wal_of(&other), wal_of(&path)).unwrap();
    assert_refused(&path, "another store or an earlier opening");
    fs::write(wal_of(&path), &own).unwrap();

    // Opened, closed and left by another crash: the first WAL is not mentioned.
    let store = with_wal(0).open(&path).unwrap();
    store.insert(binding(50, 1)).unwrap();
    let later = fs::read(&path).unwrap();
    drop(store);
    fs::write(&path, later).unwrap();
    fs::write(wal_of(&path), own).unwrap();
    assert_refused(&path, "another store or an earlier opening");
}

#[test]
fn orphaned_wal_is_removed_on_write_only() {
    let (directory, path, held) = crashed(4);
    let log = fs::read(wal_of(&path)).unwrap();
    drop(RedbStore::open(&path).unwrap());
    for left_over in [&log[..], b"", &log[..700]] {
        fs::write(wal_of(&path), left_over).unwrap();
        let store = RedbStore::open_read_only(&path).unwrap();
        assert_eq!((store.revision(), contents(&store)), (7, held.clone()));
        assert!(store.check().unwrap().is_clean());
        drop(store);
        assert_eq!(fs::read(wal_of(&path)).unwrap(), left_over);
        let store = RedbStore::open(&path).unwrap();
        assert_eq!((store.revision(), contents(&store)), (7, held.clone()));
        assert_eq!(names(&directory), ALONE);
    }
}

#[test]
fn store_works_without_creatable_wal() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    fs::create_dir(wal_of(&path)).unwrap();
    let store = with_wal(0).open(&path).unwrap();
    for number in 0..20 {
        store.insert(binding(number, 1)).unwrap();
    }
    drop(store);
    let store = RedbStore::open(&path).unwrap();
    assert_eq!((store.revision(), contents(&store).len()), (20, 20));
}

#[cfg(unix)]
#[test]
fn wal_is_next_to_the_linked_file() {
    let (_directory, path, held) = crashed(4);
    let elsewhere = tempdir().unwrap();
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let store = RedbStore::open_read_only(&link).unwrap();
    assert_eq!(contents(&store), held);
    drop(store);
    let store = with_wal(0).open(&link).unwrap();
    store.insert(binding(90, 1)).unwrap();
    store.insert(binding(91, 1)).unwrap();
    assert!(wal_of(&path).exists());
    assert_eq!(names(&elsewhere), ["link"]);
}

#[cfg(unix)]
#[test]
fn symlink_in_place_of_wal_is_not_followed() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let theirs = directory.path().join("theirs");
    fs::write(&theirs, "theirs").unwrap();
    std::os::unix::fs::symlink(&theirs, wal_of(&path)).unwrap();
    for before in [true, false] {
        let store = with_wal(1).open(&path).unwrap();
        if !before {
            std::os::unix::fs::symlink(&theirs, wal_of(&path)).unwrap();
        }
        for number in 1..4 {
            store.put(binding(number, 1)).unwrap();
        }
        drop(store);
        assert_eq!(fs::read(&theirs).unwrap(), b"theirs");
        fs::remove_file(wal_of(&path)).unwrap();
        assert_eq!(names(&directory), ["bindings.redb", "theirs"]);
    }

    let (_directory, path, _) = crashed(4);
    fs::remove_file(wal_of(&path)).unwrap();
    std::os::unix::fs::symlink(&theirs, wal_of(&path)).unwrap();
    let error = RedbStore::open(&path).unwrap_err();
    assert!(error.to_string().contains("not a regular file"), "{error}");
}

#[test]
fn foreign_file_in_place_of_wal_is_untouched() {
    let (_other_directory, other, _) = crashed(4);
    let (store, log) = (fs::read(&other).unwrap(), fs::read(wal_of(&other)).unwrap());
    let zeros_first = [&[0; 512][..], b"somebody's"].concat();
    for theirs in [
        &b"what a service has to say"[..],
        &zeros_first,
        &store,
        &log,
    ] {
        let directory = tempdir().unwrap();
        let path = directory.path().join("bindings.redb");
        fs::write(wal_of(&path), theirs).unwrap();
        for _ in 0..2 {
            let store = with_wal(1).open(&path).unwrap();
            for number in 0..5 {
                store.put(binding(number, 1)).unwrap();
            }
            drop(store);
            assert!(fs::read(wal_of(&path)).unwrap() == theirs);
        }
        assert_eq!(RedbStore::open(&path).unwrap().revision(), 10);
    }
}

#[test]
fn unfinished_wal_is_removed() {
    for left_over in [0, 100, 512, 4096] {
        let directory = tempdir().unwrap();
        let path = directory.path().join("bindings.redb");
        fs::write(wal_of(&path), vec![0; left_over]).unwrap();
        let store = with_wal(0).open(&path).unwrap();
        assert_eq!(names(&directory), ALONE);
        store.insert(binding(1, 1)).unwrap();
        assert_eq!(names(&directory), BOTH);
    }
}

/// Replaces a store by one that was not closed.
#[cfg(unix)]
fn replace_by_crashed(path: &Path) -> Vec<Binding> {
    let (_directory, other, held) = crashed(4);
    for (from, to) in [(wal_of(&other), wal_of(path)), (other, path.to_owned())] {
        let copy = to.with_extension("copy");
        fs::copy(from, &copy).unwrap();
        fs::rename(copy, to).unwrap();
    }
    held
}

#[cfg(unix)]
#[test]
fn replaced_store_leaves_foreign_wal_alone() {
    // Replaced before it has a log, and while it has one.
    for commits_before in [1, 4] {
        let directory = tempdir().unwrap();
        let path = directory.path().join("bindings.redb");
        let store = with_wal(2).open(&path).unwrap();
        for number in 0..commits_before {
            store.insert(binding(number, 1)).unwrap();
        }
        let held = replace_by_crashed(&path);
        for number in 20..40 {
            store.insert(binding(number, 1)).unwrap();
        }
        drop(store);
        let store = RedbStore::open(&path).unwrap();
        assert_eq!(contents(&store), held);
    }
}

#[cfg(unix)]
#[test]
fn wal_created_by_root_belongs_to_store_owner() {
    use std::os::unix::fs::{MetadataExt, chown};

    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    drop(RedbStore::open(&path).unwrap());
    if chown(&path, Some(12345), None).is_err() {
        eprintln!("NOT RUN: only root gives files away");
        return;
    }
    let store = with_wal(0).open(&path).unwrap();
    store.insert(binding(1, 1)).unwrap();
    let log = fs::metadata(wal_of(&path)).unwrap();
    assert_eq!((log.uid(), log.mode() & 0o777), (12345, 0o600));
}

#[cfg(unix)]
#[test]
fn renamed_store_creates_no_wal() {
    let directory = tempdir().unwrap();
    let (path, renamed) = ("a.redb", "b.redb");
    let [path, renamed] = [path, renamed].map(|name| directory.path().join(name));
    let store = with_wal(2).open(&path).unwrap();
    store.insert(binding(0, 1)).unwrap();
    fs::rename(&path, &renamed).unwrap();
    for number in 1..9 {
        store.insert(binding(number, 1)).unwrap();
    }
    assert_eq!(names(&directory), ["b.redb"]);
    let held = contents(&store);
    drop(store);
    assert_eq!(contents(&RedbStore::open(&renamed).unwrap()), held);
}

#[test]
fn intact_wal_is_never_discarded() {
    let (directory, path, held) = crashed(4);
    let options = RedbStore::builder().discard_wal();
    let store = options.open_read_only(&path).unwrap();
    assert_eq!((store.revision(), contents(&store)), (7, held.clone()));
    drop(store);
    let store = options.open(&path).unwrap();
    assert_eq!((store.revision(), contents(&store)), (7, held));
    assert_eq!(names(&directory), ALONE);
}

#[test]
fn unreadable_wal_is_never_discarded() {
    let (crashed, held) = crashed_disk();
    let total = {
        let disk = crashed.copy();
        disk.plan(Plan::Nothing);
        drop(open(&disk).unwrap());
        disk.counts().reads
    };
    for after in 0..total {
        let disk = crashed.copy().opened_with(with_wal(1).discard_wal());
        disk.plan(Operation::Read.fails_once(after, BROKEN));
        drop(open(&disk));
        disk.plan(Plan::Nothing);
        let store = open(&disk).unwrap();
        assert_eq!((store.revision(), contents(&store)), held, "{after}");
    }
}

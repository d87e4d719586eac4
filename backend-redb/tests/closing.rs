//! Closing a store: it reports errors, and loses no acknowledged batch after any failure.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use certbind_core::{Binding, BindingStore, StoreError};
use certbind_redb::RedbStore;
use common::crashed::{ALONE, BOTH, names};
use common::disk::{BROKEN, Disk, Operation, Plan};
use common::{IMAGES, binding, contents, open, with_wal};
use tempfile::tempdir;

/// A store whose WAL contains some of its batches.
fn store_with_wal() -> (Disk, RedbStore, (u64, Vec<Binding>)) {
    let disk = Disk::of(&IMAGES[1]).opened_with(with_wal(1));
    let store = open(&disk).unwrap();
    for number in 0..5 {
        store.insert(binding(number, 1)).unwrap();
    }
    let held = (store.revision(), contents(&store));
    (disk, store, held)
}

#[test]
fn close_checkpoints_and_removes_the_wal() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = with_wal(0).open(&path).unwrap();
    for number in 0..5 {
        store.insert(binding(number, 1)).unwrap();
    }
    assert_eq!(names(&directory), BOTH);
    store.close().unwrap();
    assert_eq!(names(&directory), ALONE);
    let store = RedbStore::open_read_only(&path).unwrap();
    assert_eq!((store.revision(), contents(&store).len()), (5, 5));
    store.close().unwrap();
    // The lock is released as well.
    RedbStore::open(&path).unwrap().close().unwrap();
}

/// Every operation of a close fails once: the close reports it, and the next opening contains all
/// batches.
#[test]
fn failed_close_is_reported_and_loses_nothing() {
    let counts = {
        let (disk, store, _) = store_with_wal();
        disk.plan(Plan::Nothing);
        store.close().unwrap();
        disk.counts()
    };
    let operations = [
        (Operation::Write, counts.writes),
        (Operation::Sync, counts.syncs),
        (Operation::SetLen, counts.set_lens),
    ];
    let mut failed = 0;
    for (operation, count) in operations {
        assert!(count > 0, "{operation:?}");
        for after in 0..count {
            let (disk, store, held) = store_with_wal();
            disk.plan(operation.fails_once(after, BROKEN));
            let error = store.close().unwrap_err();
            assert!(
                matches!(
                    error,
                    StoreError::Io { .. } | StoreError::Unavailable { .. }
                ),
                "{operation:?} {after}: {error:?}"
            );
            failed += 1;
            disk.plan(Plan::Nothing);
            let store = open(&disk.copy()).unwrap();
            assert_eq!(
                (store.revision(), contents(&store)),
                held,
                "{operation:?} {after}"
            );
        }
    }
    assert!(failed > 5, "{failed}");
}

#[test]
fn wal_that_cannot_be_removed_is_named() {
    let (disk, store, held) = store_with_wal();
    // The last change of length is that of the WAL: redb shrinks its file before.
    disk.wal().fail_set_len();
    let error = store.close().unwrap_err().to_string();
    assert!(error.contains("the disk-log"), "{error}");
    let copy = disk.copy();
    let store = open(&copy).unwrap();
    assert_eq!((store.revision(), contents(&store)), held);
    assert!(copy.wal().bytes().is_empty());
}

#[test]
fn closing_a_stopped_store_repeats_the_reason() {
    let (disk, store, _) = store_with_wal();
    disk.plan(Operation::Sync.fails_once(0, BROKEN));
    store.insert(binding(50, 1)).unwrap_err();
    let error = store.close().unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("a commit failed"), "{error}");
}

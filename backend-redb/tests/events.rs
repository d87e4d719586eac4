//! The events of the `tracing` feature. Nothing is logged without a subscriber.

#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::time::Duration;

use certbind_core::BindingStore;
use certbind_test_support::events::assert_event;
use common::crashed::crashed;
use common::disk::{BROKEN, Disk, Operation, Plan};
use common::{IMAGES, binding, open, with_wal};

/// The events while `work` runs.
fn events(work: impl FnOnce()) -> Vec<String> {
    certbind_test_support::events::collect("certbind_redb", work)
}

#[test]
fn opening_and_closing_are_events() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let events = events(|| {
        let store = with_wal(0).open(&path).unwrap();
        for number in 0..3 {
            store.insert(binding(number, 1)).unwrap();
        }
        store.close().unwrap();
    });
    assert_event(
        &events,
        &[
            "INFO",
            "store opened",
            "bindings.redb",
            "revision=0",
            "writable=true",
            "elapsed=",
        ],
    );
    assert_event(&events, &["DEBUG", "write-ahead log created", "size=4096"]);
    assert_event(&events, &["DEBUG", "checkpoint", "revision=3", "elapsed="]);
    assert_event(&events, &["INFO", "store closed"]);
    // The disk of the machine may be slow.
    let others = events.iter().filter(|event| !event.contains("slow commit"));
    assert_eq!(others.count(), 4, "{events:#?}");
}

#[test]
fn recovery_is_an_event() {
    let (_directory, path, _) = crashed(4);
    let events = events(|| drop(certbind_redb::RedbStore::open(&path).unwrap()));
    assert_event(
        &events,
        &["WARN", "replaying the write-ahead log", "from=3", "to=7"],
    );
    assert_event(&events, &["WARN", "store was not closed"]);
    assert_event(&events, &["INFO", "store opened", "revision=7"]);
}

#[test]
fn full_wal_is_a_checkpoint_event() {
    let disk = Disk::of(&IMAGES[0]).opened_with(with_wal(0));
    let store = open(&disk).unwrap();
    let events = events(|| {
        // The WAL has room for seven records.
        for number in 0..12 {
            store.insert(binding(number, 1)).unwrap();
        }
    });
    assert_event(&events, &["DEBUG", "checkpoint", "revision=9"]);
}

#[test]
fn slow_commit_is_an_event() {
    let disk = Disk::of(&IMAGES[0]).opened_with(with_wal(0));
    let store = open(&disk).unwrap();
    // On a busy machine some of them are slow.
    let is_fast = |number| {
        let events = events(|| store.insert(binding(number, 1)).map(drop).unwrap());
        !events.iter().any(|event| event.contains("slow"))
    };
    assert!((1..=50).any(is_fast), "every commit is slow");
    disk.sync_takes(Duration::from_millis(120));
    let slow = events(|| store.insert(binding(100, 1)).map(drop).unwrap());
    assert_event(
        &slow,
        &["WARN", "slow commit", "batches=1", "revision=", "elapsed="],
    );
}

#[test]
fn failures_are_events() {
    let disk = Disk::of(&IMAGES[0]).opened_with(with_wal(0));
    let store = open(&disk).unwrap();
    store.insert(binding(1, 1)).unwrap();
    disk.plan(Operation::Sync.fails_once(0, BROKEN));
    let stopped = events(|| drop(store.insert(binding(2, 1))));
    assert_event(&stopped, &["ERROR", "store stopped", "a commit failed"]);
    disk.plan(Plan::Nothing);
    let closed = events(|| drop(store));
    assert_event(
        &closed,
        &["ERROR", "closing the store failed", "a commit failed"],
    );
}

//! The events of the `tracing` feature. Nothing is logged without a subscriber.

#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use certbind_core::BindingStore;
use common::crashed::crashed;
use common::disk::{BROKEN, Disk, Operation, Plan};
use common::{IMAGES, binding, open, with_wal};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Collects events as lines of text.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<String>>>);

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "certbind_redb"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

/// The events while `work` runs.
fn events(work: impl FnOnce()) -> Vec<String> {
    let collector = Collector::default();
    tracing::subscriber::with_default(collector.clone(), work);
    std::mem::take(&mut *collector.0.lock().unwrap())
}

/// Whether an event has these parts.
#[track_caller]
fn assert_event(events: &[String], parts: &[&str]) {
    let found = events
        .iter()
        .any(|event| parts.iter().all(|part| event.contains(part)));
    assert!(found, "{parts:?} in {events:#?}");
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

//! Bulk load: reads from memory and from the file agree, and no reader sees a partial load.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use certbind_core::{Batch, Binding, BindingStore, Change, Scan, StoreError};
use certbind_redb::RedbStore;
use common::disk::Disk;
use common::{Dice, READ_MODES, binding, contents, key, load, of_format_1, open};

/// Removes about one in three of the numbers below `many`, and writes `content` to the others.
fn batch(dice: &mut Dice, many: u16, content: u8) -> Vec<Change> {
    let mut changes: Vec<_> = (0..many)
        .map(|number| match dice.below(3) {
            0 => Change::new(key(number), certbind_core::Precondition::Any, None).unwrap(),
            _ => Change::put(binding(number, content)),
        })
        .collect();
    // In no order.
    for place in (1..changes.len()).rev() {
        changes.swap(place, dice.below(place + 1));
    }
    changes
}

#[test]
fn large_format_1_file_is_upgraded() {
    let bindings: Vec<_> = (0..3_000).map(|number| binding(number, 3)).collect();
    let store = open(&Disk::of(&of_format_1(bindings.clone()))).unwrap();
    assert_eq!(contents(&store), bindings);
}

#[test]
fn both_read_modes_return_committed_batches() {
    for read_mode in READ_MODES {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bindings.redb");
        let store = RedbStore::builder()
            .read_mode(read_mode)
            .open(&path)
            .unwrap();
        let mut dice = Dice(5);
        let mut model: BTreeMap<_, Binding> = BTreeMap::new();
        for (content, many) in (1..).zip([3_000, 20, 9_000, 700, 1, 9_000, 2_000]) {
            let changes = batch(&mut dice, many, content);
            for change in &changes {
                match change.new_value() {
                    Some(binding) => model.insert(change.key().clone(), binding.clone()),
                    None => model.remove(change.key()),
                };
            }
            let batch = Batch::new(changes).unwrap();
            match many {
                9_000 | 1 => drop(load(&store, &batch).unwrap()),
                _ => drop(store.apply(&batch).unwrap()),
            }
            let expected: Vec<_> = model.values().cloned().collect();
            assert_eq!(contents(&store), expected);
            for number in 0..many {
                let key = key(number);
                assert_eq!(store.get(&key).unwrap().as_ref(), model.get(&key));
            }
            for _ in 0..50 {
                let mut some = || u16::try_from(dice.below(9_500)).unwrap();
                let (mut from, mut to) = (some(), some());
                if from > to {
                    (from, to) = (to, from);
                }
                let scan = Scan::range(key(from)..=key(to));
                let after = scan.clone().after(key(from));
                for scan in [scan, after] {
                    let found: Vec<_> = store.scan(&scan).unwrap().map(Result::unwrap).collect();
                    let expected = model
                        .values()
                        .filter(|binding| scan.contains(binding.key()));
                    assert!(found.iter().eq(expected), "{scan:?}");
                }
            }
        }
        let report = store.check().unwrap();
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(report.bindings, model.len() as u64);
        drop(store);
        for read_mode in READ_MODES {
            let store = RedbStore::builder()
                .read_mode(read_mode)
                .open(&path)
                .unwrap();
            assert!(contents(&store).iter().eq(model.values()));
        }
    }
}

#[test]
fn large_batch_is_visible_atomically() {
    const MANY: u16 = 2_000;
    for read_mode in READ_MODES {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bindings.redb");
        let store = RedbStore::builder()
            .read_mode(read_mode)
            .open(path)
            .unwrap();
        let over = AtomicBool::new(false);
        let contents_of = |found: &[Binding]| {
            let contents = found
                .iter()
                .map(|binding| binding.record().url_retrieval_timeout);
            let mut contents: Vec<_> = contents.collect();
            contents.dedup();
            contents
        };
        let looks = thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let (mut last, mut looks) = (0, 0);
                while !over.load(Ordering::Relaxed) || looks < 3 {
                    let found: Vec<_> = store
                        .scan(&Scan::all())
                        .unwrap()
                        .map(Result::unwrap)
                        .collect();
                    assert!(found.is_empty() || found.len() == usize::from(MANY));
                    let contents = contents_of(&found);
                    assert!(contents.len() <= 1, "{contents:?}");
                    let seen = contents.first().copied().unwrap_or_default();
                    // A get after a scan finds the same content or newer.
                    for number in [0, MANY / 2, MANY - 1] {
                        let got = store.get(&key(number)).unwrap();
                        let got = got.map_or(0, |got| got.record().url_retrieval_timeout);
                        assert!(got >= seen, "{got} behind {seen}");
                    }
                    assert!(seen >= last);
                    (last, looks) = (seen, looks + 1);
                }
                looks
            });
            for content in 1..12 {
                let changes = (0..MANY).map(|number| Change::put(binding(number, content)));
                match content % 2 {
                    0 => drop(store.apply(&Batch::new(changes).unwrap()).unwrap()),
                    _ => drop(store.bulk_load(&mut changes.map(Ok)).unwrap()),
                }
            }
            over.store(true, Ordering::Relaxed);
            reader.join().unwrap()
        });
        assert!(looks >= 3);
    }
}

#[test]
fn failed_bulk_load_changes_nothing() {
    const MANY: u16 = 5_000;
    for read_mode in READ_MODES {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bindings.redb");
        let store = RedbStore::builder()
            .read_mode(read_mode)
            .open(path)
            .unwrap();
        store.insert(binding(MANY - 1, 1)).unwrap();
        let before = (store.revision(), contents(&store));
        let inserts = || (0..MANY).map(|number| Ok(Change::insert(binding(number, 2))));

        let bound = store.bulk_load(&mut inserts()).unwrap_err();
        assert!(matches!(bound, StoreError::AlreadyExists { .. }), "{bound}");
        let broken = Err(StoreError::ReadOnly);
        let mut broken = inserts().take(3_000).chain([broken]);
        let error = store.bulk_load(&mut broken).unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly), "{error}");
        let mut repeated = inserts().take(3_000).chain(inserts());
        let error = store.bulk_load(&mut repeated).unwrap_err();
        assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
        let mut panicking = inserts().inspect(|change| {
            let number = change.as_ref().unwrap().key().clone();
            assert!(number != key(3_000), "as whoever makes the changes may");
        });
        let panicked = AssertUnwindSafe(|| store.bulk_load(&mut panicking));
        let words = catch_unwind(panicked).unwrap_err();
        assert!(words.is::<&str>(), "its own panic comes through");
        assert_eq!(store.bulk_load(&mut std::iter::empty()).unwrap(), 0);
        assert_eq!((store.revision(), contents(&store)), before);

        // The iterator of changes may read the store.
        let mut updates = (0..MANY).map(|number| {
            let found = store.get(&key(number))?;
            Ok(Change::put(found.unwrap_or_else(|| binding(number, 3))))
        });
        assert_eq!(store.bulk_load(&mut updates).unwrap(), u64::from(MANY));
        assert_eq!(store.revision(), before.0 + 1);
        let expected = (0..MANY).map(|number| binding(number, 3));
        let expected = expected.take(usize::from(MANY) - 1);
        assert_eq!(
            contents(&store),
            expected.chain(before.1).collect::<Vec<_>>()
        );
        assert!(store.check().unwrap().is_clean());
    }
}

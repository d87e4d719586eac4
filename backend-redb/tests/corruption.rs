//! Flipped bits and truncated files: an error or the correct data, and never a panic.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use certbind_redb::{RedbBuilder, RedbStore};

use certbind_core::codec::{VALUE_FORMAT, encode_binding, encode_key};
use certbind_core::{Binding, BindingStore, Change, Result, Scan, StoreError};
use common::disk::Disk;
use common::{BLOCKS, Dice, IMAGES, READ_MODES, binding, cases, contents, key, open, with_wal};
use redb::Database;

/// Opens `count` damaged images, and returns how many opened and how many were refused.
fn each_damage(
    count: usize,
    damage: impl Fn(usize) -> Vec<u8> + Sync,
    allowed: &[(u64, Vec<Binding>)],
) -> (usize, usize) {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let [next, opened, refused] = [(); 3].map(|()| AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let case = next.fetch_add(1, Ordering::Relaxed);
                    if case >= count {
                        return;
                    }
                    match open(&Disk::of(&damage(case))) {
                        Ok(store) => {
                            right(&store, allowed, case);
                            opened.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(StoreError::Corrupt { .. }) => {
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => panic!("case {case}: {error:?}"),
                    }
                }
            });
        }
    });
    (opened.into_inner(), refused.into_inner())
}

/// Every way to read the store returns one of the allowed states.
fn right(store: &RedbStore, allowed: &[(u64, Vec<Binding>)], case: usize) {
    let state = (store.revision(), contents(store));
    assert!(allowed.contains(&state), "case {case}: other data");
    for binding in state.1.iter().step_by(7) {
        let found = store.get(binding.key()).unwrap();
        assert_eq!(found.as_ref(), Some(binding), "case {case}");
    }
    assert_eq!(store.get(&key(5)).unwrap(), None);
    let report = store.check().unwrap();
    assert!(report.is_clean(), "case {case}: {report:?}");
}

/// A closed file and its contents.
fn closed() -> (Vec<u8>, (u64, Vec<Binding>)) {
    let disk = Disk::of(&IMAGES[1]);
    let store = open(&disk).unwrap();
    for number in 0..3 {
        store.remove(&key(1000 + number)).unwrap();
    }
    let state = (store.revision(), contents(&store));
    drop(store);
    (disk.bytes(), state)
}

/// A file that its writer left in a crash, and the states before and after its last commit.
fn crashed() -> (Vec<u8>, [(u64, Vec<Binding>); 2]) {
    let disk = Disk::of(&IMAGES[1]);
    let store = open(&disk).unwrap();
    store.remove(&key(1000)).unwrap();
    let before = (store.revision(), contents(&store));
    store.put(binding(1200, 3)).unwrap();
    let after = (store.revision(), contents(&store));
    (disk.bytes(), [before, after])
}

fn flipped(image: &[u8], case: usize, count: usize) -> Vec<u8> {
    // Every region of the file, and in it a place that the case decides.
    let mut dice = Dice(case as u64);
    let mut image = image.to_vec();
    let step = (image.len() / count).max(1);
    let at = (case * step + dice.below(step)).min(image.len() - 1);
    image[at] ^= 1 << dice.below(8);
    image
}

#[test]
fn bit_flip_in_closed_file_is_detected() {
    let (image, state) = closed();
    let count = cases(1500) as usize;
    let (opened, refused) = each_damage(count, |case| flipped(&image, case, count), &[state]);
    assert!(opened > 0 && refused > count / 20, "{opened} and {refused}");
}

#[test]
fn bit_flip_in_header_is_detected() {
    // A small store, so that every bit has its turn.
    let disk = Disk::of(&IMAGES[0]);
    let store = open(&disk).unwrap();
    store.insert(binding(1, 1)).unwrap();
    let state = (1, contents(&store));
    drop(store);
    let image = disk.bytes();
    let damage = |case: usize| {
        let mut image = image.clone();
        image[case / 8] ^= 1 << (case % 8);
        image
    };
    let (opened, refused) = each_damage(320 * 8, damage, &[state]);
    assert!(opened > 0 && refused > 1000, "{opened} and {refused}");
}

#[test]
fn bit_flip_after_crash_costs_last_commit_at_most() {
    let (image, states) = crashed();
    let count = cases(500) as usize;
    let (opened, refused) = each_damage(count, |case| flipped(&image, case, count), &states);
    assert!(opened > 0 && refused > 0, "{opened} and {refused}");
}

#[test]
fn lost_or_swapped_sectors_are_detected() {
    let (image, state) = closed();
    let damage = |case: usize| {
        let mut dice = Dice(case as u64);
        let mut image = image.clone();
        let sectors = image.len() / 512;
        let (from, to) = (dice.below(sectors) * 512, dice.below(sectors) * 512);
        match case % 3 {
            0 => image[to..to + 512].fill(0),
            1 => image.copy_within(from..from + 512, to),
            _ => image[to..to + 512]
                .iter_mut()
                .for_each(|byte| *byte = dice.below(256).to_le_bytes()[0]),
        }
        image
    };
    let (opened, refused) = each_damage(cases(400) as usize, damage, &[state]);
    assert!(opened > 0 && refused > 0, "{opened} and {refused}");
}

#[test]
fn truncated_file_is_refused_at_every_length() {
    let (image, _) = closed();
    // In all of the header, around every page, and between.
    let lengths: Vec<_> = (1..image.len())
        .filter(|length| *length < 700 || length % 4096 < 2 || length % 509 == 0)
        .collect();
    let (opened, refused) = each_damage(lengths.len(), |case| image[..lengths[case]].to_vec(), &[]);
    assert_eq!((opened, refused), (0, lengths.len()));
}

#[test]
fn trailing_bytes_are_refused_or_harmless() {
    let (image, state) = closed();
    let damage = |case: usize| {
        let mut image = image.clone();
        image.resize(image.len() + [1, 511, 4096, 8192, 1 << 20][case], 0xa5);
        image
    };
    each_damage(5, damage, &[state]);
}

#[test]
fn read_only_open_leaves_damaged_file_unchanged() {
    let (image, state) = closed();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let count = cases(200) as usize;
    let mut refused = 0;
    for case in 0..count {
        let damaged = flipped(&image, case, count);
        fs::write(&path, &damaged).unwrap();
        match RedbStore::open_read_only(&path) {
            Ok(store) => right(&store, std::slice::from_ref(&state), case),
            Err(StoreError::Corrupt { .. }) => refused += 1,
            Err(error) => panic!("case {case}: {error:?}"),
        }
        assert!(fs::read(&path).unwrap() == damaged);
    }
    assert!(refused > 0);
}

/// Writes bytes into the table as another program might, with valid page checksums.
fn with_blocks(entries: &[(&[u8], &[u8])]) -> Disk {
    let disk = Disk::of(&IMAGES[0]);
    let database = Database::builder()
        .create_with_backend(disk.clone())
        .unwrap();
    let transaction = database.begin_write().unwrap();
    let mut blocks = transaction.open_table(BLOCKS).unwrap();
    for (key, block) in entries {
        blocks.insert(key, block).unwrap();
    }
    drop(blocks);
    transaction.commit().unwrap();
    disk
}

/// An entry of a block, of small parts.
fn entry(shared: usize, rest: &[u8], value: &[u8]) -> Vec<u8> {
    let numbers = [shared, rest.len(), value.len()].map(|number| u8::try_from(number).unwrap());
    [&numbers, rest, value].concat()
}

#[test]
fn damaged_block_is_named_and_others_stay_readable() {
    let [one, two, four] = [1, 2, 4].map(|number| {
        let binding = binding(number, 1);
        (encode_key(binding.key()), encode_binding(&binding))
    });
    let first = entry(one.0.len(), &[], &one.1);
    // The key of the other but for its first five bytes, which are the same.
    let second = |shared: usize| entry(shared, &two.0[shared..], &two.1);
    assert_eq!(one.0[..5], two.0[..5]);
    let after = |second: Vec<u8>| [&first[..], &second].concat();
    let whole = after(second(5));
    for (block, expected) in [
        (vec![], "it has no entries"),
        (second(0), "first key is not its own key"),
        (
            entry(7, &one.0[7..], &one.1),
            "first key is not its own key",
        ),
        (after(first.clone()), "not in order"),
        (after(second(4)), "not in order"),
        (
            after(entry(9, &two.0[5..], &two.1)),
            "shares more bytes than",
        ),
        (whole[..whole.len() - 1].to_vec(), "truncated"),
        (whole[..first.len() + 2].to_vec(), "truncated"),
        (after(vec![0xfb, 5, 0, 3, 0]), "truncated"),
    ] {
        let last = entry(four.0.len(), &[], &four.1);
        let disk = with_blocks(&[(&one.0, &block), (&four.0, &last)]);
        // The WAL accepts changes to other blocks while one block is damaged.
        let with_log = with_blocks(&[(&one.0, &block), (&four.0, &last)]).opened_with(with_wal(0));
        let store = open(&with_log).unwrap();
        for number in [5, 6, 7] {
            store.insert(binding(number, 1)).unwrap();
        }
        for change in [Change::put(binding(3, 1)), Change::remove(common::key(2))] {
            let refused = store.apply(&change.into());
            assert!(refused.is_err(), "{refused:?}");
        }
        assert_eq!(store.get(&common::key(7)).unwrap(), Some(binding(7, 1)));
        let mut found = store.scan(&Scan::all()).unwrap().skip_while(Result::is_ok);
        assert!(found.next().unwrap().is_err());
        assert!(found.next().is_none(), "a scan goes on behind an error");
        drop(found);
        drop(store);
        let store = open(&with_log).unwrap();
        assert_eq!(store.get(&common::key(7)).unwrap(), Some(binding(7, 1)));

        let store = open(&disk).unwrap();
        let report = store.check().unwrap();
        let printed = &report.problems;
        assert!(
            printed.len() == 1 && printed[0].contains(expected),
            "{report:?}"
        );
        assert!(printed[0].contains("10.0.0.1:443"), "{report:?}");

        let found: Result<Vec<_>> = store.scan(&Scan::all()).unwrap().collect();
        assert!(found.unwrap_err().to_string().contains(expected));
        for change in [Change::put(binding(3, 1)), Change::remove(common::key(2))] {
            let refused = store.apply(&change.clone().into());
            assert!(refused.is_err(), "{refused:?}");
            let refused = store.bulk_load(&mut [Ok(change)].into_iter());
            assert!(refused.is_err(), "{refused:?}");
        }
        let other = binding(5, 1);
        store.insert(other.clone()).unwrap();
        assert_eq!(store.get(other.key()).unwrap(), Some(other));
        let another = Change::insert(binding(6, 1));
        assert_eq!(store.bulk_load(&mut [Ok(another)].into_iter()).unwrap(), 1);

        // The damaged block is the last: changes in front of it are loaded, and changes inside it
        // are not.
        let store = open(&with_blocks(&[(&one.0, &first), (&four.0, &block)])).unwrap();
        let changes = [2, 5].map(|number| Ok(Change::insert(binding(number, 1))));
        let [before, into] = changes;
        assert_eq!(store.bulk_load(&mut [before].into_iter()).unwrap(), 1);
        assert!(store.bulk_load(&mut [into].into_iter()).is_err());
    }
    // Changes to its neighbours, which would otherwise be merged with it, are still written.
    let disk = with_blocks(&[(&one.0, &first), (&two.0, &[]), (&four.0, &[])]);
    let store = open(&disk).unwrap();
    store.insert(binding(0, 1)).unwrap();
    store.put(binding(1, 2)).unwrap();
    let kept = [0, 1].map(|number| store.get(&common::key(number)).unwrap());
    assert_eq!(kept, [Some(binding(0, 1)), Some(binding(1, 2))]);
    let disk = with_blocks(&[(&one.0, &[])]);
    let store = open(&disk).unwrap();
    let refused = store.get(&common::key(2)).unwrap_err().to_string();
    assert!(refused.contains("it has no entries"), "{refused}");
    store.insert(binding(0, 1)).unwrap();
    assert_eq!(store.get(&common::key(0)).unwrap(), Some(binding(0, 1)));
    assert_eq!(store.check().unwrap().problems.len(), 1);

    let disk = with_blocks(&[(&one.0, &whole), (&two.0, &entry(two.0.len(), &[], &two.1))]);
    let report = open(&disk).unwrap().check().unwrap();
    assert!(
        report.problems[0].contains("overlaps the block before it"),
        "{report:?}"
    );
}

/// A store of the bindings 1 and 4, each in a block of its own, and a function that damages or
/// mends the first block, wherever a commit has put it.
fn with_a_block_to_damage(options: RedbBuilder) -> (Disk, RedbStore, impl Fn(bool)) {
    let blocks = [1, 4].map(|number| {
        let binding = binding(number, 1);
        let key = encode_key(binding.key());
        let block = entry(key.len(), &[], &encode_binding(&binding));
        (key, block)
    });
    // Without a cache every read goes to the disk.
    let disk = with_blocks(&blocks.each_ref().map(|(key, block)| (&key[..], &block[..])))
        .opened_with(options.cache_size(0));
    let store = open(&disk).unwrap();
    let (whole, of) = (blocks[0].1.clone(), disk.clone());
    let mut damaged = whole.clone();
    damaged[0] -= 1;
    let damage = move |damage| {
        let (from, to) = match damage {
            true => (&whole, &damaged),
            false => (&damaged, &whole),
        };
        let mut bytes = of.bytes();
        let places: Vec<_> = (0..bytes.len() - from.len())
            .filter(|at| bytes[*at..].starts_with(from))
            .collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at..][..to.len()].copy_from_slice(to);
        }
        of.overwrite(&bytes);
    };
    (disk, store, damage)
}

fn is_corrupt<T: std::fmt::Debug>(result: Result<T>) {
    assert!(
        matches!(result, Err(StoreError::Corrupt { .. })),
        "{result:?}"
    );
}

#[test]
fn damaged_block_of_open_store_refuses_changes() {
    for options in [RedbStore::builder().wal_after_commits(None), with_wal(0)] {
        for read_mode in READ_MODES {
            let (disk, store, damage) =
                with_a_block_to_damage(options.clone().read_mode(read_mode));
            store.insert(binding(6, 1)).unwrap();
            damage(true);
            for change in [Change::put(binding(1, 2)), Change::put(binding(3, 1))] {
                is_corrupt(store.apply(&change.clone().into()));
                is_corrupt(store.bulk_load(&mut [Ok(change)].into_iter()));
            }
            for number in 7..30 {
                store.insert(binding(number, 1)).unwrap();
            }
            let more = (30..40).map(|number| Ok(Change::insert(binding(number, 1))));
            store.bulk_load(&mut more.into_iter()).unwrap();
            damage(false);
            store.insert(binding(3, 1)).unwrap();
            let held = contents(&store);
            assert_eq!(held.len(), 37);
            drop(store);
            assert_eq!(contents(&open(&disk).unwrap()), held);
        }
    }
}

#[test]
fn damage_under_memtable_refuses_checkpoint() {
    for read_mode in READ_MODES {
        let (disk, store, damage) = with_a_block_to_damage(with_wal(0).read_mode(read_mode));
        store.insert(binding(6, 1)).unwrap();
        store.insert(binding(3, 1)).unwrap();
        damage(true);
        let mut put = (7..).map(|number| store.insert(binding(number, 1)));
        let noted = put.by_ref().take_while(Result::is_ok).count();
        assert_eq!(noted, 6, "what is left of a log of eight parts");
        is_corrupt(put.next().unwrap());
        let other = Change::put(binding(4, 2));
        is_corrupt(store.bulk_load(&mut [Ok(other.clone())].into_iter()));
        assert_eq!(store.get(&key(3)).unwrap(), Some(binding(3, 1)));
        damage(false);
        store.apply(&other.into()).unwrap();
        let held = contents(&store);
        assert_eq!(held.len(), 10);
        assert_eq!(contents(&open(&disk.after_power_cut(|_| 0)).unwrap()), held);
    }
}

#[test]
fn undecodable_entry_hides_no_other() {
    let whole = binding(1, 1);
    let good = (encode_key(whole.key()), encode_binding(&whole));
    let mut newer = good.1.clone();
    newer[0] = VALUE_FORMAT + 1;
    let newer_format = format!("format is {}", VALUE_FORMAT + 1);
    let mut changed = good.1.clone();
    changed[5] ^= 1;
    for (key, value, expected) in [
        (vec![9, 9], good.1.clone(), "the key 0909"),
        (encode_key(&common::key(2)), good.1.clone(), "checksum"),
        (good.0.clone(), changed, "checksum"),
        (good.0.clone(), newer, &newer_format),
        (good.0.clone(), vec![], "format byte"),
    ] {
        let disk = with_blocks(&[(&key, &entry(key.len(), &[], &value))]);
        let store = open(&disk).unwrap();
        let report = store.check().unwrap();
        assert_eq!(
            (report.bindings, report.problems.len()),
            (0, 1),
            "{report:?}"
        );
        assert!(report.problems[0].contains(expected), "{report:?}");
        let found: Result<Vec<_>> = store.scan(&Scan::all()).unwrap().collect();
        assert!(found.unwrap_err().to_string().contains(expected));

        let other = binding(3, 1);
        store.insert(other.clone()).unwrap();
        assert_eq!(store.get(other.key()).unwrap(), Some(other));
        if key == good.0 {
            assert!(matches!(
                store.get(whole.key()),
                Err(StoreError::Corrupt { .. })
            ));
            let refused = store.apply(&Change::put(whole.clone()).into()).unwrap_err();
            assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
        }
    }
}

#[test]
fn check_finds_damage_of_open_store() {
    let disk = Disk::of(&IMAGES[1]);
    let store = RedbStore::builder()
        .open_backend(disk.clone(), "the disk")
        .unwrap();
    store.put(binding(1, 1)).unwrap();
    assert!(store.check().unwrap().is_clean());
    let mut found = 0;
    for case in 0..40 {
        let healthy = disk.bytes();
        disk.overwrite(&flipped(&healthy, case, 40));
        found += usize::from(!store.check().unwrap().is_clean());
        disk.overwrite(&healthy);
    }
    assert!(found > 2, "{found} of 40");
    assert!(store.check().unwrap().is_clean());
}

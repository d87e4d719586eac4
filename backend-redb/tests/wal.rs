//! The WAL next to a store: when it exists, and that every opening replays it.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::fs;

use certbind_core::{Batch, BindingStore, Change, StoreError};
use certbind_redb::RedbStore;
use common::crashed::{ALONE, BOTH, crashed, crashed_disk, names, wal_of};
use common::disk::{Disk, FULL, Operation, Plan};
use common::{Dice, IMAGES, MANY, READ_MODES, binding, contents, key, open, with_wal};
use tempfile::tempdir;

#[test]
fn few_commits_create_no_wal() {
    let directory = tempdir().unwrap();
    let store = RedbStore::open(directory.path().join("bindings.redb")).unwrap();
    for number in 0..64 {
        store.insert(binding(number, 1)).unwrap();
        assert_eq!(names(&directory), ALONE, "{number}");
    }
    store.insert(binding(64, 1)).unwrap();
    assert_eq!(names(&directory), BOTH);
    drop(store);
    assert_eq!(names(&directory), ALONE);
}

#[test]
fn wal_commit_is_one_write_and_one_sync() {
    let disk = Disk::of(&IMAGES[1]).opened_with(with_wal(0));
    let store = open(&disk).unwrap();
    store.insert(binding(0, 1)).unwrap();
    disk.plan(Plan::Nothing);
    for number in 1..6 {
        store.insert(binding(number, 1)).unwrap();
    }
    let counts = disk.counts();
    assert_eq!((counts.writes, counts.syncs, counts.set_lens), (5, 5, 0));
}

#[test]
fn wal_is_private_and_removed_on_close() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = with_wal(0).open(&path).unwrap();
    for number in 0..30 {
        store.insert(binding(number, 1)).unwrap();
    }
    let metadata = fs::metadata(wal_of(&path)).unwrap();
    assert_eq!(metadata.len(), 4096, "it never grows");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
    let held = contents(&store);
    drop(store);
    assert_eq!(names(&directory), ALONE);
    let store = RedbStore::open_read_only(&path).unwrap();
    assert_eq!((store.revision(), contents(&store)), (30, held));
}

#[test]
fn unclosed_store_replays_its_wal() {
    // None, some, all that have room, and more.
    for in_wal in [0, 1, 6, 7, 8, 20] {
        let (directory, path, held) = crashed(in_wal);
        assert_eq!(names(&directory), BOTH);
        let before = BOTH.map(|name| fs::read(directory.path().join(name)).unwrap());
        for read_mode in READ_MODES {
            let store = RedbStore::builder()
                .read_mode(read_mode)
                .open_read_only(&path)
                .unwrap();
            assert_eq!(
                (store.revision(), contents(&store)),
                (3 + u64::from(in_wal), held.clone())
            );
            let report = store.check().unwrap();
            assert!(report.is_clean(), "{report:?}");
            assert_eq!(report.bindings, held.len() as u64);
        }
        let after = BOTH.map(|name| fs::read(directory.path().join(name)).unwrap());
        assert!(before == after, "reading has written");

        let store = RedbStore::open(&path).unwrap();
        assert_eq!(names(&directory), ALONE);
        assert_eq!(
            (store.revision(), contents(&store)),
            (3 + u64::from(in_wal), held.clone())
        );
        assert!(store.check().unwrap().is_clean());
        let applied = store.apply(&Change::put(binding(77, 1)).into()).unwrap();
        assert_eq!(applied.revision(), Some(4 + u64::from(in_wal)));
    }
}

#[test]
fn batch_larger_than_wal_goes_to_file() {
    let (disk, many) = (Disk::of(&IMAGES[0]).opened_with(with_wal(0)), 0..200);
    let store = open(&disk).unwrap();
    store.insert(binding(500, 1)).unwrap();
    store.insert(binding(501, 1)).unwrap();
    let batch = Batch::new(many.map(|number| Change::put(binding(number, 2)))).unwrap();
    store.apply(&batch).unwrap();
    store.remove(&key(7)).unwrap();
    let left = disk.after_power_cut(|_| 0);
    let found = open(&left).unwrap();
    assert_eq!((found.revision(), contents(&found)), (4, contents(&store)));
}

#[test]
fn refused_change_writes_nothing() {
    // Without a cache, pages that are changed are written before there is a commit.
    let options = with_wal(0).wal_size(1 << 16).cache_size(0);
    let disk = Disk::of(&IMAGES[1]).opened_with(options);
    let store = open(&disk).unwrap();
    let full = (1 << 16) / 512;
    for number in MANY.take(full) {
        store.put(binding(number, 1)).unwrap();
    }
    disk.plan(Plan::Nothing);
    for number in MANY.take(3) {
        let refused = store.insert(binding(number, 2)).unwrap_err();
        assert!(matches!(refused, StoreError::AlreadyExists { .. }));
        let load = &mut [Ok(Change::insert(binding(number, 2)))].into_iter();
        let refused = store.bulk_load(load).unwrap_err();
        assert!(matches!(refused, StoreError::AlreadyExists { .. }));
    }
    assert_eq!(store.bulk_load(&mut std::iter::empty()).unwrap(), 0);
    let counts = disk.counts();
    assert_eq!((counts.writes, counts.syncs, counts.set_lens), (0, 0, 0));
    store.insert(binding(8, 1)).unwrap();
    assert!(disk.counts().writes > 1, "the log had room");
}

#[test]
fn check_reads_the_wal() {
    let disk = Disk::of(&IMAGES[0]).opened_with(with_wal(0));
    let store = open(&disk).unwrap();
    for number in 0..6 {
        store.insert(binding(number, 1)).unwrap();
    }
    let report = store.check().unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.revision, report.bindings), (6, 6));

    let whole = disk.wal().bytes();
    let mut damaged = whole.clone();
    damaged[2 * 512 + 40] ^= 1;
    disk.wal().overwrite(&damaged);
    let report = store.check().unwrap();
    let said = &report.problems[0];
    assert!(
        said.contains("the disk-log") && said.contains("damaged"),
        "{report:?}"
    );
    // Damage of the last record looks like a torn write, except to a process that has the store
    // open.
    let mut damaged = whole.clone();
    damaged[5 * 512 + 40] ^= 1;
    disk.wal().overwrite(&damaged);
    let report = store.check().unwrap();
    assert!(
        report.problems[0].contains("reverts to revision 5"),
        "{report:?}"
    );
    disk.wal().overwrite(&whole);
    assert!(store.check().unwrap().is_clean());
}

#[test]
fn replay_survives_power_cut_at_any_point() {
    let (crashed, held) = crashed_disk();
    let mut whole = false;
    for after in 0.. {
        let disk = crashed.copy();
        disk.plan(Plan::PowerCut(after));
        let opened = open(&disk).map(drop).is_ok();
        if opened && disk.counts().writes + disk.counts().syncs < after {
            whole = true;
            break;
        }
        let mut dice = Dice(after);
        for keep in 0..6 {
            let left = disk.after_power_cut(|many| match keep {
                0 => 0,
                1 => many - 1,
                _ => dice.below(many),
            });
            let store = open(&left).unwrap();
            assert_eq!(
                (store.revision(), contents(&store)),
                held,
                "{after}, {keep}"
            );
            assert!(store.check().unwrap().is_clean());
        }
    }
    assert!(whole);
}

#[test]
fn bit_flip_in_wal_costs_last_commit_at_most() {
    let (crashed, held) = crashed_disk();
    let before = {
        let disk = crashed.copy();
        let store = open(&disk).unwrap();
        store.put(binding(5, 1)).unwrap();
        (held.0 - 1, contents(&store))
    };
    let image = crashed.wal().bytes();
    let (mut refused, mut last, mut whole) = (0, 0, 0);
    for at in 0..image.len() {
        let mut log = image.clone();
        log[at] ^= 1 << (at % 8);
        let disk = Disk::with_wal(&crashed.bytes(), &log);
        match open(&disk) {
            Err(StoreError::Corrupt { what, .. }) => {
                assert_eq!(what, "the disk-log");
                assert!(disk.bytes() == crashed.bytes() && disk.wal().bytes() == log);
                refused += 1;
            }
            Err(error) => panic!("{at}: {error:?}"),
            Ok(store) => match (store.revision(), contents(&store)) {
                found if found == held => whole += 1,
                found if found == before => last += 1,
                found => panic!("{at}: {found:?}"),
            },
        }
    }
    // A header of 52 bytes, five records of some 80, and one that removes, of 45.
    assert!(refused > 400, "{refused}, {last}, {whole}");
    assert!((30..=45).contains(&last), "{refused}, {last}, {whole}");
}

#[test]
fn truncated_or_reordered_wal_is_refused() {
    let (crashed, _) = crashed_disk();
    let image = crashed.wal().bytes();
    let refused = |log: &[u8]| {
        let disk = Disk::with_wal(&crashed.bytes(), log);
        let error = open(&disk).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    };
    (0..image.len())
        .step_by(64)
        .for_each(|len| refused(&image[..len]));
    refused(&[&image[..], &[0; 512]].concat());
    // Five records: any two of them, but for the last, which may be lost.
    for one in 1..5 {
        for other in one + 1..6 {
            let mut log = image.clone();
            let (front, back) = log.split_at_mut(other * 512);
            front[one * 512..][..512].swap_with_slice(&mut back[..512]);
            refused(&log);
        }
    }
}

#[test]
fn wal_size_is_bounded() {
    let options = RedbStore::builder().wal_after_commits(0).wal_size(u64::MAX);
    let disk = Disk::of(&IMAGES[0]).opened_with(options);
    let store = open(&disk).unwrap();
    disk.plan(Operation::SetLen.fails_once(0, FULL));
    store.insert(binding(1, 1)).unwrap();
    store.insert(binding(2, 1)).unwrap();
    assert!(disk.counts().set_lens > 0);
}

//! Concurrent batches share a sync, and nothing else.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use certbind_core::{Batch, BindingStore, Change, Result, StoreError};
use certbind_redb::{RedbBuilder, RedbStore};
use common::disk::{BROKEN, Disk, Operation, Plan};
use common::{Dice, IMAGES, READ_MODES, binding, cases, contents, key, open, with_wal};

const THREADS: u16 = 16;

/// Without a log, and with one from the first commit on.
const MODES: [fn() -> RedbBuilder; 2] = [
    || RedbStore::builder().wal_after_commits(None),
    || with_wal(0),
];

/// A store on a disk that takes its time to sync, so that callers meet.
fn slow_store(options: RedbBuilder) -> (Disk, RedbStore) {
    let disk = Disk::of(&IMAGES[0]).opened_with(options);
    let store = open(&disk).unwrap();
    disk.sync_takes(Duration::from_millis(2));
    disk.plan(Plan::Nothing);
    (disk, store)
}

/// Calls `each` from many threads that start together, and returns their results.
fn together<T: Send>(each: impl Fn(u16) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(usize::from(THREADS));
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (start, each) = (&start, &each);
                scope.spawn(move || {
                    start.wait();
                    each(number)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

#[test]
fn concurrent_writers_share_syncs() {
    let (disk, store) = slow_store(RedbStore::builder());
    let applied = together(|thread| {
        (0..20)
            .map(|number| {
                let added = binding(thread * 100 + number, 1);
                let applied = store.apply(&Change::insert(added.clone()).into()).unwrap();
                assert_eq!(applied.outcomes()[0].key, *added.key());
                // Published before it was acknowledged.
                assert_eq!(store.get(added.key()).unwrap(), Some(added));
                applied.revision().unwrap()
            })
            .collect::<Vec<_>>()
    });
    for revisions in &applied {
        assert!(revisions.is_sorted_by(|earlier, later| earlier < later));
    }
    let batches = u64::from(THREADS) * 20;
    let syncs = disk.counts().syncs;
    assert_eq!(contents(&store).len() as u64, batches);
    assert!(syncs < batches / 2, "{syncs} syncs for {batches} batches");
    // Each commit has one number, and there are no gaps.
    let mut numbers: Vec<_> = applied.concat();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=store.revision()).collect::<Vec<_>>());
}

#[test]
fn lone_writer_syncs_once_per_batch() {
    let (disk, store) = slow_store(RedbStore::builder());
    for number in 0..10 {
        store.insert(binding(number, 1)).unwrap();
    }
    assert_eq!((disk.counts().syncs, store.revision()), (10, 10));
}

#[test]
fn failed_precondition_fails_its_batch_only() {
    let (_disk, store) = slow_store(RedbStore::builder());
    store.insert(binding(999, 1)).unwrap();
    let failed = together(|thread| {
        let mut failed = 0;
        for number in 0..10 {
            let (first, last) = (thread * 100 + number, thread * 100 + 50 + number);
            let middle = if number % 2 == 0 { 999 } else { first + 20 };
            let batch = [first, middle, last].map(|number| Change::insert(binding(number, 2)));
            match store.apply(&Batch::new(batch).unwrap()) {
                Ok(_) => assert_eq!(number % 2, 1),
                Err(StoreError::AlreadyExists { key: found, .. }) => {
                    assert_eq!((number % 2, found), (0, key(999)));
                    assert_eq!(store.get(&key(first)).unwrap(), None);
                    assert_eq!(store.get(&key(last)).unwrap(), None);
                    failed += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
        failed
    });
    assert_eq!(failed, [5; THREADS as usize]);
    assert_eq!(contents(&store).len(), 1 + usize::from(THREADS) * 5 * 3);
}

#[test]
fn group_of_failing_batches_writes_nothing() {
    let (disk, store) = slow_store(RedbStore::builder());
    store.insert(binding(1, 1)).unwrap();
    disk.plan(Plan::Nothing);
    together(|_| store.insert(binding(1, 2)).unwrap_err());
    assert_eq!((disk.counts().writes, disk.counts().syncs), (0, 0));
    assert_eq!(store.revision(), 1);
}

#[test]
fn concurrent_inserts_of_one_key_have_one_winner() {
    let (_disk, store) = slow_store(RedbStore::builder());
    for round in 0..10 {
        let won = together(|_| store.insert(binding(round, 1)).is_ok());
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
    }
    assert_eq!(store.revision(), 10);
}

/// Many concurrent writers on a failing disk, and the result of each. Afterwards exactly the
/// acknowledged batches can be read.
fn at_a_bad_disk(plan: Plan) -> (Disk, Vec<(u16, Result<()>)>) {
    let (disk, store) = slow_store(RedbStore::builder());
    let armed = AtomicBool::new(false);
    let printed = together(|thread| {
        (0..10)
            .map(|number| {
                if number == 5 && !armed.swap(true, Ordering::Relaxed) {
                    disk.plan(plan);
                }
                let number = thread * 100 + number;
                (number, store.insert(binding(number, 1)))
            })
            .collect::<Vec<_>>()
    });
    let printed: Vec<_> = printed.into_iter().flatten().collect();
    for (number, result) in &printed {
        let found = store.get(&key(*number)).unwrap().is_some();
        assert_eq!(found, result.is_ok(), "{number} is visible: {result:?}");
    }
    drop(store);
    disk.plan(Plan::Nothing);
    (disk, printed)
}

fn only_the_acknowledged_are_there(disk: &Disk, printed: &[(u16, Result<()>)]) {
    let store = open(disk).unwrap();
    assert!(store.check().unwrap().is_clean());
    let failed = printed.iter().filter(|(_, result)| result.is_err()).count();
    assert!(
        (1..printed.len()).contains(&failed),
        "{failed} of {}",
        printed.len()
    );
    for (number, result) in printed {
        let found = store.get(&key(*number)).unwrap().is_some();
        assert_eq!(found, result.is_ok(), "{number}: {result:?}");
    }
}

#[test]
fn disk_error_rolls_whole_group_back() {
    for (operation, after) in [(Operation::Sync, 3), (Operation::Write, 10)] {
        let (disk, printed) = at_a_bad_disk(Plan::Fail {
            operation,
            after,
            times: 1,
            half: true,
            code: BROKEN,
        });
        only_the_acknowledged_are_there(&disk, &printed);
        only_the_acknowledged_are_there(&disk.after_power_cut(|many| many - 1), &printed);
        // Members of the failed group get the disk's error; later callers get the error of a
        // stopped store.
        let of_the_group = printed
            .iter()
            .filter(|(_, result)| matches!(result, Err(StoreError::Io { .. })))
            .count();
        assert!(of_the_group > 1, "{of_the_group} of the group");
    }
}

#[test]
fn acknowledged_groups_survive_power_cut() {
    const PAIR: u16 = 1 << 15;
    let mut dice = Dice(u64::from(std::process::id()));
    let (mut acknowledged, mut kept) = (0, 0);
    for round in 0..cases(60) {
        // Every other time cuts at the next possible point and keeps all writes: some groups are
        // then present without having been acknowledged.
        let everything = round % 2 == 1;
        let read_mode = READ_MODES[usize::from(round % 4 > 1)];
        let options = MODES[round as usize / 4 % 2]();
        let cut = if everything {
            round / 2 % 150
        } else {
            u32::try_from(dice.below(150)).unwrap()
        };
        let disk = Disk::of(&IMAGES[0]).opened_with(options.read_mode(read_mode));
        let store = open(&disk).unwrap();
        disk.sync_takes(Duration::from_micros(200));
        disk.plan(Plan::PowerCut(cut.into()));
        let printed = together(|thread| {
            (0..10)
                .map(|number| {
                    let number = thread * 100 + number;
                    let pair = [number, number + PAIR].map(|of| Change::insert(binding(of, 1)));
                    (number, store.apply(&Batch::new(pair).unwrap()).is_ok())
                })
                .collect::<Vec<_>>()
        });
        drop(store);
        let left = disk.after_power_cut(|many| match everything {
            true => many - 1,
            false => dice.below(many),
        });
        let store = open(&left).unwrap();
        assert!(store.check().unwrap().is_clean());
        for (number, was_acknowledged) in printed.concat() {
            let [one, other] = [number, number + PAIR].map(|of| store.get(&key(of)).unwrap());
            assert_eq!(one.is_some(), other.is_some(), "{number} is there by half");
            assert!(one.is_some() || !was_acknowledged, "{number} is gone");
            acknowledged += u32::from(was_acknowledged);
            kept += u32::from(one.is_some());
        }
    }
    let all = cases(60) * u32::from(THREADS) * 10;
    assert!(
        (all / 20..all).contains(&acknowledged),
        "{acknowledged} of {all}"
    );
    assert!(kept > acknowledged, "no group that was under way was kept");
}

#[test]
fn panicking_leader_releases_its_group() {
    let (disk, printed) = at_a_bad_disk(Plan::Panic);
    only_the_acknowledged_are_there(&disk, &printed);
}

#[test]
fn panicking_caller_harms_no_other() {
    let (_disk, store) = slow_store(RedbStore::builder());
    let panicked = thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let _scan = store.scan(&certbind_core::Scan::all()).unwrap();
            store.insert(binding(1, 1)).unwrap();
            // Without the hook, which would print.
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        reading.join().is_err()
    });
    assert!(panicked);
    store.insert(binding(2, 1)).unwrap();
    assert_eq!(contents(&store).len(), 2);
    assert!(store.check().unwrap().is_clean());
}

#[test]
fn no_writer_starves() {
    const EACH: u64 = 60;
    let (_disk, store) = slow_store(RedbStore::builder());
    let done: Vec<_> = (0..THREADS).map(|_| AtomicU64::new(0)).collect();
    let least = together(|thread| {
        for number in 0..EACH {
            let number = u16::try_from(number).unwrap();
            store.insert(binding(thread * 100 + number, 1)).unwrap();
            done[usize::from(thread)].fetch_add(1, Ordering::Relaxed);
        }
        done.iter()
            .map(|done| done.load(Ordering::Relaxed))
            .min()
            .unwrap()
    });
    // When the first has finished, how far was the last?
    let least = least.into_iter().min().unwrap();
    assert!(least >= EACH / 2, "{least} of {EACH}");
}

#[test]
fn readers_never_wait_for_sync_nor_see_partial_batch() {
    let (disk, store) = slow_store(RedbStore::builder());
    let pair = |content| [1, 2].map(|number| Change::put(binding(number, content)));
    store.apply(&Batch::new(pair(0)).unwrap()).unwrap();
    disk.sync_takes(Duration::from_millis(20));
    let (done, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let found = contents(&store);
                assert_eq!(found.len(), 2);
                assert_eq!(found[0].record(), found[1].record());
                reads.fetch_add(1, Ordering::Relaxed);
            }
        });
        for content in 1..20 {
            store.apply(&Batch::new(pair(content)).unwrap()).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    // 19 syncs of 20 ms: a reader that waited for them would read about 19 times.
    let reads = reads.into_inner();
    assert!(reads > 200, "{reads} reads");
}

#[test]
fn ended_scans_do_not_grow_the_file() {
    let (disk, store) = slow_store(RedbStore::builder());
    disk.sync_takes(Duration::ZERO);
    let mut lengths = BTreeMap::new();
    for round in 0..600_u16 {
        store
            .put(binding(round % 20, u8::try_from(round % 250).unwrap()))
            .unwrap();
        lengths.insert(disk.bytes().len(), round);
    }
    assert!(lengths.len() <= 2, "it grew: {lengths:?}");
}

//! Every write, sync, change of length and read fails once: the error is clear, no acknowledged
//! commit is lost, and no refused commit appears later.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::io::ErrorKind;
use std::sync::LazyLock;

use certbind_core::history::{History, HistoryOptions};
use certbind_core::{Batch, Binding, BindingStore, Change, MemoryStore, Scan, StoreError};
use certbind_redb::{ReadMode, RedbStore};
use common::disk::{BROKEN, Counts, Disk, FULL, Operation, Plan};
use common::{Dice, IMAGES, MANY, binding, contents, key, load, open, with_wal};

/// The initial contents of the store, and the amount of data that the test adds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    /// A few bindings, for tests with thousands of repetitions.
    Small,
    /// The same, read from memory.
    Resident,
    /// Enough for trees with branches and for a file that grows.
    Large,
    /// A file of an older format, which is brought to this one.
    Old,
    /// A few, with a log from the first commit on, which is filled.
    Logged,
    /// The same after a crash, with the contents in memory.
    Replayed,
    /// A few, and a bulk load so large that its pages are written before it has finished.
    Loaded,
}

impl Size {
    fn disk(self) -> Disk {
        match self {
            Self::Small => Disk::of(&IMAGES[0]),
            Self::Resident => {
                Disk::of(&IMAGES[0]).opened_with(RedbStore::builder().read_mode(ReadMode::InMemory))
            }
            Self::Large => Disk::of(&IMAGES[1]),
            Self::Old => Disk::of(&IMAGES[2]),
            // Without a cache, so that reads follow the sync of a record.
            Self::Logged => {
                Disk::of(&IMAGES[0]).opened_with(with_wal(0).cache_size(0).history(kept()))
            }
            Self::Replayed => CRASHED.copy(),
            Self::Loaded => Disk::of(&IMAGES[0]).opened_with(RedbStore::builder().cache_size(0)),
        }
    }

    fn many(self) -> u16 {
        match self {
            Self::Large => 280,
            _ => 20,
        }
    }

    fn sessions(self) -> u16 {
        match self {
            Self::Logged | Self::Replayed | Self::Loaded => 1,
            _ => 3,
        }
    }
}

fn kept() -> HistoryOptions {
    HistoryOptions::default()
}

/// A store that was not closed, with five of its nine commits in its log.
static CRASHED: LazyLock<Disk> = LazyLock::new(|| {
    let disk =
        Disk::of(&IMAGES[0]).opened_with(with_wal(3).read_mode(ReadMode::InMemory).history(kept()));
    let store = open(&disk).unwrap();
    for number in 0..9 {
        store.insert(binding(900 + number, 1)).unwrap();
    }
    disk.copy()
});

/// The result of a history.
struct Outcome {
    model: MemoryStore,
    revision: u64,
    /// The batch that was refused for an error of the disk, and the error.
    refused: Option<(Batch, StoreError)>,
    /// Further errors.
    errors: Vec<StoreError>,
}

impl Outcome {
    fn acknowledged(&self) -> (u64, Vec<Binding>) {
        (self.revision, contents(&self.model))
    }

    fn with_refused(&self) -> Option<(u64, Vec<Binding>)> {
        let (batch, _) = self.refused.as_ref()?;
        let applied = self.model.apply(batch).ok()?;
        let state = (self.revision + 1, contents(&self.model));
        self.model.apply(&applied.inverse()).unwrap();
        Some(state)
    }

    fn refuse(&mut self, error: StoreError, batch: Batch) {
        match &self.refused {
            None => self.refused = Some((batch, error)),
            Some(_) => self.errors.push(error),
        }
    }
}

/// A fixed history: the store is opened, changed, grown, read, checked, closed and opened again. It
/// continues after an error, as a service would.
fn run(disk: &Disk, size: Size) -> Outcome {
    let model = MemoryStore::new();
    let (revision, before) = match size {
        Size::Large | Size::Old => (1, MANY.map(|number| binding(number, 9)).collect()),
        Size::Replayed => (9, (0..9).map(|number| binding(900 + number, 1)).collect()),
        _ => (0, Vec::new()),
    };
    for binding in before {
        model.insert(binding).unwrap();
    }
    let mut outcome = Outcome {
        model,
        revision,
        refused: None,
        errors: Vec::new(),
    };
    for session in 0..size.sessions() {
        let store = match open(disk) {
            Ok(store) => store,
            Err(error) => {
                outcome.errors.push(error);
                continue;
            }
        };
        for step in 0..6 {
            let number = session * 10 + step;
            let batch = match step {
                // Large enough for the file to grow.
                4 => Batch::new(
                    (0..size.many())
                        .map(|more| Change::put(binding(2000 + session * size.many() + more, 4))),
                ),
                5 if size == Size::Loaded => {
                    Batch::new((3_000..4_100).map(|number| Change::insert(binding(number, 6))))
                }
                5 => Batch::new([
                    Change::remove(key(2000 + session * size.many() + step)),
                    Change::put(binding(2001 + session * size.many() + step, 5)),
                ]),
                _ => Batch::new([Change::insert(binding(number, 1))]),
            }
            .unwrap();
            let applied = match step {
                5 => load(&store, &batch),
                _ => store.apply(&batch).map(|applied| applied.revision()),
            };
            match applied {
                Ok(revision) => {
                    outcome.model.apply(&batch).unwrap();
                    outcome.revision += 1;
                    assert_eq!(revision, Some(outcome.revision));
                }
                Err(error) => outcome.refuse(error, batch),
            }
            match store.get(&key(number)) {
                Ok(found) => assert_eq!(found, outcome.model.get(&key(number)).unwrap()),
                Err(error) => outcome.errors.push(error),
            }
        }
        match store.scan(&Scan::all()).and_then(Iterator::collect) {
            Ok::<Vec<_>, _>(found) => assert_eq!(found, contents(&outcome.model)),
            Err(error) => outcome.errors.push(error),
        }
        match store.check() {
            Ok(report) => assert!(report.is_clean(), "{report:?}"),
            Err(error) => outcome.errors.push(error),
        }
    }
    outcome
}

fn state(disk: &Disk) -> (u64, Vec<Binding>) {
    let store = open(disk).unwrap();
    let report = store.check().unwrap();
    assert!(report.is_clean(), "{report:?}");
    // A history ends at the revision of the store, and has no gap.
    let commits = store.commits().unwrap();
    for (commit, revision) in commits.iter().zip((0..=store.revision()).rev()) {
        assert_eq!(commit.revision, revision);
    }
    (store.revision(), contents(&store))
}

/// The error codes of the disk.
const CODES: [i32; 2] = [FULL, BROKEN];

/// The error contains the code of the disk and the file, or states that the store refuses further
/// operations, and why.
fn assert_clear(error: &StoreError, code: i32) {
    let said = error.to_string();
    match error {
        StoreError::Io { source, .. } => {
            assert_eq!(source.raw_os_error(), Some(code), "{said}");
            assert!(said.contains("the disk"), "{said}");
        }
        StoreError::Unavailable { .. } => assert!(said.contains("opened again"), "{said}"),
        other => panic!("{other:?}"),
    }
    // The caller whose read failed gets the system's error; later commits get redb's.
    let text = std::io::Error::from_raw_os_error(code).to_string();
    let known = [&*text, "an earlier read or write failed"];
    assert!(known.iter().any(|known| said.contains(known)), "{said}");
}

fn healthy(size: Size) -> Counts {
    let disk = size.disk();
    disk.plan(Plan::Nothing);
    let outcome = run(&disk, size);
    assert!(outcome.refused.is_none() && outcome.errors.is_empty());
    let counts = disk.counts();
    assert_eq!(state(&disk), outcome.acknowledged());
    counts
}

/// The history, with one operation that fails the given number of times from each index on, with
/// each error.
fn each_fails(
    size: Size,
    operation: Operation,
    total: u64,
    times: u64,
    judge: impl Fn(&Outcome, &Disk, u64) + Sync,
) {
    assert!(total > 1, "the history has {total} of them");
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let next = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let case = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if case >= total * CODES.len() as u64 {
                        return;
                    }
                    let (after, code) = (case % total, CODES[usize::from(case >= total)]);
                    let disk = size.disk();
                    disk.plan(Plan::Fail {
                        operation,
                        after,
                        times,
                        half: case.is_multiple_of(2),
                        code,
                    });
                    let outcome = run(&disk, size);
                    disk.plan(Plan::Nothing);
                    let errors = outcome.errors.iter();
                    errors
                        .chain(outcome.refused.iter().map(|(_, error)| error))
                        .for_each(|error| assert_clear(error, code));
                    judge(&outcome, &disk, after);
                }
            });
        }
    });
}

/// Each operation of the history fails once, and exactly the acknowledged state remains.
fn each_fails_once(sizes: &[Size], operation: Operation, count: fn(Counts) -> u64) {
    for &size in sizes {
        let total = count(healthy(size));
        each_fails(size, operation, total, 1, exactly_the_acknowledged_changes);
    }
}

/// The cached state of the disk, and some of the states possible after a power cut.
fn what_may_be_left(disk: &Disk, after: u64) -> [Disk; 3] {
    let mut dice = Dice(after);
    [
        disk.copy(),
        disk.after_power_cut(|many| if after.is_multiple_of(2) { 0 } else { many - 1 }),
        disk.after_power_cut(|many| dice.below(many)),
    ]
}

/// Exactly the acknowledged state is left, in the cached state of the disk and after any power cut.
fn exactly_the_acknowledged_changes(outcome: &Outcome, disk: &Disk, after: u64) {
    let expected = outcome.acknowledged();
    for left in what_may_be_left(disk, after) {
        let found = state(&left);
        assert!(found == expected, "index {after}: {:?}", outcome.refused);
    }
}

#[test]
fn failed_write_rolls_batch_back() {
    let sizes = [
        Size::Large,
        Size::Resident,
        Size::Old,
        Size::Logged,
        Size::Replayed,
        Size::Loaded,
    ];
    each_fails_once(&sizes, Operation::Write, |counts| counts.writes);
}

#[test]
fn failed_sync_rolls_batch_back() {
    let sizes = [
        Size::Large,
        Size::Resident,
        Size::Old,
        Size::Logged,
        Size::Replayed,
        Size::Loaded,
    ];
    each_fails_once(&sizes, Operation::Sync, |counts| counts.syncs);
}

#[test]
fn full_disk_rolls_batch_back() {
    let sizes = [Size::Large, Size::Logged, Size::Loaded];
    each_fails_once(&sizes, Operation::SetLen, |counts| counts.set_lens);
}

#[test]
fn failed_read_loses_nothing() {
    let sizes = [
        Size::Small,
        Size::Resident,
        Size::Old,
        Size::Logged,
        Size::Replayed,
        Size::Loaded,
    ];
    each_fails_once(&sizes, Operation::Read, |counts| counts.reads);
}

#[test]
fn acknowledged_batches_survive_full_disk() {
    let total = healthy(Size::Large).set_lens;
    each_fails(
        Size::Large,
        Operation::SetLen,
        total,
        u64::from(u32::MAX),
        exactly_the_acknowledged_changes,
    );
}

#[test]
fn unknown_outcome_is_reported_if_rollback_fails() {
    for size in [Size::Large, Size::Logged] {
        syncs_stay_broken(size);
    }
}

fn syncs_stay_broken(size: Size) {
    let kept = std::sync::atomic::AtomicU64::new(0);
    let total = healthy(size).syncs;
    each_fails(
        size,
        Operation::Sync,
        total,
        u64::from(u32::MAX),
        |outcome, disk, after| {
            // The commit, and not the header that was written back over it.
            let worst = disk.after_power_cut(|many| if many > 2 { many - 2 } else { many - 1 });
            for left in what_may_be_left(disk, after).into_iter().chain([worst]) {
                let found = state(&left);
                if found == outcome.acknowledged() {
                    continue;
                }
                let (_, error) = outcome.refused.as_ref().unwrap();
                assert!(Some(found) == outcome.with_refused(), "index {after}");
                assert!(
                    error.to_string().contains("could not be rolled back"),
                    "{error}"
                );
                kept.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        },
    );
    assert!(kept.into_inner() > 0, "the case never came");
}

#[test]
fn failed_store_refuses_with_reason_until_reopened() {
    let disk = Disk::of(&IMAGES[1]);
    let store = open(&disk).unwrap();
    disk.plan(Operation::Sync.fails_once(0, FULL));
    let error = store.insert(binding(1, 1)).unwrap_err();
    let StoreError::Io { source, path, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(source.kind(), ErrorKind::StorageFull);
    assert_eq!(path.as_deref(), Some("the disk".as_ref()));
    let error = store.insert(binding(2, 1)).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("opened again"), "{error}");
    assert!(matches!(store.check(), Err(StoreError::Unavailable { .. })));
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(store.get(&key(1)).unwrap(), None);
    store.insert(binding(1, 1)).unwrap();
}

/// After a failed read redb refuses every operation that has to read. A store with a WAL refuses
/// all operations then, instead of some.
#[test]
fn failed_read_stops_store_with_wal() {
    let disk = Disk::of(&IMAGES[1]).opened_with(with_wal(0).cache_size(0));
    let store = open(&disk).unwrap();
    store.insert(binding(1, 1)).unwrap();
    store.insert(binding(2, 1)).unwrap();
    disk.plan(Operation::Read.fails_once(0, BROKEN));
    let error = store.get(&key(1000)).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
    for number in [2, 3] {
        let error = store.put(binding(number, 2)).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert!(error.to_string().contains("opened again"), "{error}");
    }
    assert_eq!(store.get(&key(2)).unwrap(), Some(binding(2, 1)));
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(store.revision(), 3);
    store.insert(binding(3, 1)).unwrap();
}

/// A read fails before a commit, during it, and after it.
#[test]
fn in_memory_store_stays_readable_after_failed_read() {
    let options = RedbStore::builder()
        .read_mode(ReadMode::InMemory)
        .wal_after_commits(None)
        .cache_size(0);
    let [mut refused, mut behind] = [0, 0];
    for after in 0.. {
        let disk = Disk::of(&IMAGES[1]).opened_with(options.clone());
        let store = open(&disk).unwrap();
        disk.plan(Operation::Read.fails_once(after, BROKEN));
        let inserted = store.insert(binding(1, 1)).is_ok();
        let is_over = disk.counts().reads <= after;
        assert_eq!(store.get(&key(1)).unwrap().is_some(), inserted);
        assert_eq!(contents(&store).len(), MANY.len() + usize::from(inserted));
        if is_over {
            break;
        }
        let goes_on = store.insert(binding(2, 1)).is_ok();
        assert!(!goes_on, "redb reads no more");
        match inserted {
            true => behind += 1,
            false => refused += 1,
        }
    }
    assert!(refused > 0 && behind > 0, "{refused} and {behind}");
}

/// The disk fails either the thread that looks up the changes or the one that writes them. Both read
/// at the same time, and the second one only gets an error that an earlier operation failed.
#[test]
fn bulk_load_reports_disk_error() {
    // More than is encoded at a time, all of which is looked up.
    let put = |content| (0..3_000).map(move |number| Ok(Change::put(binding(number, content))));
    let made = Disk::default();
    open(&made).unwrap().bulk_load(&mut put(1)).unwrap();
    let load = |after: u64| {
        let disk = Disk::of(&made.bytes()).opened_with(RedbStore::builder().cache_size(0));
        let store = open(&disk).unwrap();
        disk.plan(Operation::Read.fails_once(after, BROKEN));
        store.bulk_load(&mut put(3))
    };
    let mut failed = 0;
    for after in (0..).step_by(17) {
        match load(after) {
            Ok(_) => break,
            Err(StoreError::Io { source, .. }) => {
                assert_eq!(source.raw_os_error(), Some(BROKEN));
                failed += 1;
            }
            Err(other) => panic!("read {after}: {other:?}"),
        }
    }
    assert!(failed > 10, "{failed}");
}

//! Disks that break their contract: syncs that lie, writes at a wrong offset, reads of old data, and
//! old versions of a whole file. A store recovers to an earlier state of its own or is refused, and
//! never returns a binding that was not written.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use certbind_core::{
    Batch, Binding, BindingStore, Change, MemoryStore, Precondition, Scan, StoreError,
};
use certbind_redb::RedbStore;
use common::broken_disk::{BrokenDisk, Fault};
use common::disk::Disk;
use common::opening::{Opening, opening};
use common::{Dice, IMAGES, MANY, batch, binding, config, contents, key};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Every state that a store has had.
#[derive(Debug)]
struct Written {
    model: MemoryStore,
    revision: u64,
    states: BTreeMap<u64, Vec<Binding>>,
}

impl Written {
    fn new(image: usize) -> Self {
        let model = MemoryStore::new();
        if image > 0 {
            for number in MANY {
                model.insert(binding(number, 9)).unwrap();
            }
        }
        let first = contents(&model);
        Self {
            model,
            revision: u64::from(image > 0),
            states: BTreeMap::from([(u64::from(image > 0), first)]),
        }
    }

    /// Notes the state after a batch. Nothing is left of one whose preconditions are not met.
    fn note(&mut self, batch: &Batch) {
        if self.model.apply(batch).is_ok() {
            self.revision += 1;
            self.states.insert(self.revision, contents(&self.model));
        }
    }

    /// The store is in one of the states.
    fn check(&self, store: &RedbStore) -> Result<(), TestCaseError> {
        let found = match scanned(store) {
            Ok(found) => found,
            Err(error) => return refused(&error),
        };
        prop_assert_eq!(Some(&found), self.states.get(&store.revision()));
        for key in (0..12).map(key).chain(MANY.step_by(40).map(key)) {
            let expected = found.iter().find(|binding| *binding.key() == key);
            match store.get(&key) {
                Ok(found) => prop_assert_eq!(found.as_ref(), expected),
                Err(error) => return refused(&error),
            }
        }
        Ok(())
    }

    /// The store may mix its states, but each of its bindings was written.
    fn check_bindings(&self, store: &RedbStore) -> Result<(), TestCaseError> {
        let found = match scanned(store) {
            Ok(found) => found,
            Err(error) => return refused(&error),
        };
        for binding in &found {
            let written = self.states.values().any(|state| state.contains(binding));
            prop_assert!(written, "{binding:?}");
        }
        for key in (0..12).map(key).chain(MANY.step_by(40).map(key)) {
            match store.get(&key) {
                Ok(Some(binding)) => {
                    let written = self.states.values().any(|state| state.contains(&binding));
                    prop_assert!(written && *binding.key() == key, "{binding:?}");
                }
                Ok(None) => {}
                Err(error) => return refused(&error),
            }
        }
        Ok(())
    }
}

/// Whether an error is one of damage, or of a store that has met one.
fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Corrupt { .. } | StoreError::Unavailable { .. } | StoreError::Io { .. }
    )
}

fn refused(error: &StoreError) -> Result<(), TestCaseError> {
    prop_assert!(is_refusal(error), "{error:?}");
    Ok(())
}

fn scanned(store: &RedbStore) -> certbind_core::Result<Vec<Binding>> {
    store.scan(&Scan::all())?.collect()
}

/// A history of batches on a disk.
#[derive(Clone, Debug)]
struct History {
    opening: Opening,
    batches: Vec<Batch>,
    closed: bool,
    seed: u64,
}

/// A batch that every store applies.
fn unconditional() -> impl Strategy<Value = Batch> {
    let binding = |number| {
        let content = prop::option::weighted(0.8, 0..200_u8);
        content.prop_map(move |content| {
            let becomes = content.map(|content| binding(number, content));
            Change::new(key(number), Precondition::Any, becomes).unwrap()
        })
    };
    let numbers = prop::sample::subsequence((0..12).collect::<Vec<_>>(), 1..12);
    numbers
        .prop_flat_map(move |numbers| numbers.into_iter().map(binding).collect::<Vec<_>>())
        .prop_map(|changes| Batch::new(changes).unwrap())
}

fn history() -> impl Strategy<Value = History> {
    let batches = prop_oneof![1 => batch(), 4 => unconditional()];
    let batches = prop::collection::vec(batches, 4..28);
    (opening(0..2), batches, any::<bool>(), any::<u64>()).prop_map(
        |(opening, batches, closed, seed)| History {
            opening,
            batches,
            closed,
            seed,
        },
    )
}

impl History {
    fn disk(&self) -> Disk {
        Disk::of(&IMAGES[self.opening.image])
    }

    fn open(&self, [file, wal]: [BrokenDisk; 2]) -> certbind_core::Result<RedbStore> {
        let builder = self.opening.builder();
        builder.open_backend_with_wal(file, wal, "the disk")
    }

    /// Applies the batches to a disk with a fault, and returns the states of the store.
    fn run(&self, disks: [BrokenDisk; 2]) -> Result<Written, TestCaseError> {
        let mut written = Written::new(self.opening.image);
        let store = match self.open(disks) {
            Ok(store) => store,
            Err(error) => return refused(&error).map(|()| written),
        };
        for batch in &self.batches {
            let met = written.model.apply(batch).inspect(|applied| {
                written.model.apply(&applied.inverse()).unwrap();
            });
            match (store.apply(batch), met) {
                (Ok(applied), Ok(expected)) => {
                    prop_assert_eq!(applied.outcomes(), expected.outcomes());
                    written.note(batch);
                }
                (Err(error), met) if is_refusal(&error) => {
                    // It may have reached the disk.
                    if met.is_ok() {
                        written.note(batch);
                    }
                    return Ok(written);
                }
                (Err(_), Err(_)) => {}
                (applied, expected) => prop_assert!(false, "{applied:?} for {expected:?}"),
            }
        }
        if self.closed {
            // Its outcome is seen when the store is opened again.
            let _ = store.close();
        }
        Ok(written)
    }
}

const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/proptest-regressions/broken_disk.txt"
);

/// The outcome of a case.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// The fault took no effect.
    Unaffected,
    Refused,
    Opened,
}

/// Runs some cases, each with its outcomes. Each outcome has to be reached, and most faults have to
/// take effect.
#[track_caller]
fn run<S: Strategy, O: IntoIterator<Item = Outcome>>(
    cases: u32,
    strategy: &S,
    case: impl Fn(S::Value) -> Result<O, TestCaseError>,
) {
    let counts = [(); 3].map(|()| AtomicU64::new(0));
    let mut runner = TestRunner::new(config(cases, REGRESSIONS));
    let ran = runner.run(strategy, |drawn| {
        for outcome in case(drawn)? {
            counts[outcome as usize].fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    ran.unwrap();
    let [unaffected, refused, opened] = counts.map(AtomicU64::into_inner);
    assert!(
        opened > 0 && refused > 0 && unaffected < opened + refused,
        "{opened} opened, {refused} refused, {unaffected} unaffected"
    );
}

/// Opens the store on a disk: it is refused, or `check` accepts it.
fn opened(
    history: &History,
    disks: [BrokenDisk; 2],
    check: impl Fn(&RedbStore) -> Result<(), TestCaseError>,
) -> Result<[Outcome; 1], TestCaseError> {
    match history.open(disks) {
        Ok(store) => check(&store).map(|()| [Outcome::Opened]),
        Err(error) => refused(&error).map(|()| [Outcome::Refused]),
    }
}

fn healthy(disk: &Disk) -> [BrokenDisk; 2] {
    BrokenDisk::pair(disk, None, 0)
}

/// A power cut after syncs that had no effect. Any later commit may be lost, and none in part.
#[test]
fn lying_sync_costs_whole_commits() {
    run(300, &(history(), 0..12_u64), |(history, after)| {
        let disk = history.disk();
        let disks = BrokenDisk::pair(&disk, Fault::SyncLies { after }, history.seed);
        let written = history.run(disks.clone())?;
        if !disks[0].is_affected() {
            return Ok([Outcome::Unaffected]);
        }
        let mut dice = Dice(history.seed);
        let disk = disk.after_power_cut(|many| dice.below(many));
        opened(&history, healthy(&disk), |store| written.check(store))
    });
}

/// Writes replace other sectors, and their own keep what they had. The store reads no page again
/// that it has written; a store that does so, because its cache is too small, may miss bindings.
#[test]
fn misplaced_write_is_refused_or_costs_whole_commits() {
    let sectors = prop_oneof![
        prop::sample::select(&[-1, 1][..]),
        -64..64_i64,
        -4_000..4_000_i64
    ];
    let cases = (history(), 2..60_usize, sectors);
    run(300, &cases, |(mut history, one_of, sectors)| {
        history.opening.cached = true;
        let disk = history.disk();
        let fault = Fault::WrongPlace { one_of, sectors };
        let disks = BrokenDisk::pair(&disk, fault, history.seed);
        let written = history.run(disks.clone())?;
        if !disks[0].is_affected() {
            return Ok([Outcome::Unaffected]);
        }
        opened(&history, healthy(&disk.copy()), |store| {
            written.check(store)
        })
    });
}

/// A store is opened and read from a disk whose reads are partly of earlier moments. An older page is
/// not detected after the opening has verified the file: the store may show an older binding.
#[test]
fn old_data_is_refused_or_shows_bindings_that_were_written() {
    run(300, &(history(), 1..8_usize), |(history, one_of)| {
        let disks = healthy(&history.disk());
        let written = history.run(disks.clone())?;
        let disks = disks.map(|disk| disk.with(Fault::OldData { one_of }));
        let check = |store: &RedbStore| written.check_bindings(store);
        let outcome = opened(&history, disks.clone(), check)?;
        Ok(match disks[0].is_affected() {
            true => outcome,
            false => [Outcome::Unaffected],
        })
    });
}

/// The file of one moment, and the WAL of the same or another.
#[test]
fn old_files_are_refused_or_an_earlier_state() {
    run(20, &history(), |history| {
        let disks = healthy(&history.disk());
        let written = history.run(disks.clone())?;
        let [files, wals] = disks.map(|disk| disk.versions());
        let mut outcomes = Vec::new();
        for file in &files {
            for wal in &wals {
                let disks = healthy(&Disk::with_wal(file, wal));
                outcomes.extend(opened(&history, disks, |store| written.check(store))?);
            }
        }
        Ok(outcomes)
    });
}

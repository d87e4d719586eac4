//! Disks that break their contract: syncs that lie, writes at a wrong offset, reads of old data, and
//! old versions of a whole file. A store recovers to an earlier state of its own or is refused, and
//! never returns a binding that was not written.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::collections::BTreeMap;
use std::io::Result as IoResult;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use certbind_core::history::HistoryOptions;
use certbind_core::{
    Batch, Binding, BindingStore, Change, MemoryStore, Precondition, Scan, StoreError,
};
use certbind_redb::{ReadMode, RedbBuilder, RedbStore};
use common::disk::Disk;
use common::{Dice, IMAGES, MANY, READ_MODES, batch, binding, config, contents, key, with_wal};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use redb::StorageBackend;

/// The size that a disk writes atomically.
const SECTOR: u64 = 512;

/// The way in which a disk breaks its contract.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    /// From the sync of this number on, none has an effect.
    SyncLies {
        after: u64,
    },
    /// One of so many writes lands so many sectors before or after its place.
    WrongPlace {
        one_of: usize,
        sectors: i64,
    },
    /// One of so many reads returns the bytes of an earlier moment.
    OldData {
        one_of: usize,
    },
}

/// A disk with a fault. Both files share it.
#[derive(Clone, Debug)]
struct BrokenDisk {
    disk: Disk,
    fault: Fault,
    state: Arc<Mutex<State>>,
    /// The bytes of this file after each of its syncs.
    versions: Arc<Mutex<Vec<Vec<u8>>>>,
}

#[derive(Debug)]
struct State {
    done: u64,
    dice: Dice,
    /// How often the fault took effect.
    effects: u64,
}

impl BrokenDisk {
    /// The store's file and its WAL.
    fn pair(disk: &Disk, fault: Fault, seed: u64) -> [Self; 2] {
        let state = Arc::new(Mutex::new(State {
            done: 0,
            dice: Dice(seed),
            effects: 0,
        }));
        [disk.clone(), disk.wal()].map(|disk| Self {
            versions: Arc::new(Mutex::new(vec![disk.bytes()])),
            disk,
            fault,
            state: Arc::clone(&state),
        })
    }

    fn effects(&self) -> u64 {
        self.state.lock().unwrap().effects
    }

    /// Counts an operation; returns its number.
    fn count(&self) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.done += 1;
        state.done - 1
    }

    fn took_effect(&self) {
        self.state.lock().unwrap().effects += 1;
    }
}

impl StorageBackend for BrokenDisk {
    fn len(&self) -> IoResult<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> IoResult<()> {
        self.disk.read(offset, out)?;
        if let Fault::OldData { one_of } = self.fault {
            let mut state = self.state.lock().unwrap();
            let versions = self.versions.lock().unwrap();
            let start = usize::try_from(offset).unwrap();
            if state.dice.below(one_of) == 0
                && let Some(old) = versions[state.dice.below(versions.len())].get(start..)
                && let Some(old) = old.get(..out.len())
                && old != out
            {
                out.copy_from_slice(old);
                state.effects += 1;
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> IoResult<()> {
        self.disk.set_len(length)
    }

    fn sync_data(&self) -> IoResult<()> {
        if let Fault::SyncLies { after } = self.fault
            && self.count() >= after
        {
            self.took_effect();
            return Ok(());
        }
        self.disk.sync_data()?;
        self.versions.lock().unwrap().push(self.disk.bytes());
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> IoResult<()> {
        if let Fault::WrongPlace { one_of, sectors } = self.fault
            && self.state.lock().unwrap().dice.below(one_of) == 0
        {
            let place = offset.saturating_add_signed(sectors * SECTOR.cast_signed());
            // A disk has sectors beyond the file, where nothing of this store is.
            let length = self.disk.len()?;
            let end = length.min(place + data.len() as u64);
            let part = end.saturating_sub(place.min(length));
            if place != offset && part > 0 {
                self.took_effect();
                return self
                    .disk
                    .write(place, &data[..usize::try_from(part).unwrap()]);
            }
        }
        self.disk.write(offset, data)
    }
}

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

/// The error of damage, or of a store that has met an error.
fn refused(error: &StoreError) -> Result<(), TestCaseError> {
    let refused = matches!(
        error,
        StoreError::Corrupt { .. } | StoreError::Unavailable { .. } | StoreError::Io { .. }
    );
    prop_assert!(refused, "{error:?}");
    Ok(())
}

fn scanned(store: &RedbStore) -> certbind_core::Result<Vec<Binding>> {
    store.scan(&Scan::all())?.collect()
}

/// A history of batches on a disk.
#[derive(Clone, Debug)]
struct History {
    image: usize,
    read_mode: ReadMode,
    /// Without a cache pages are read from the disk, and written before a bulk load has finished.
    cached: bool,
    kept: bool,
    wal_after_commits: Option<u32>,
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
    let wal_after_commits = prop_oneof![1 => Just(None), 3 => (0..4_u32).prop_map(Some)];
    let settings = (
        0..2_usize,
        prop::sample::select(&READ_MODES[..]),
        any::<[bool; 3]>(),
        wal_after_commits,
    );
    let batches = prop_oneof![1 => batch(), 4 => unconditional()];
    let batches = prop::collection::vec(batches, 4..28);
    (settings, batches, any::<u64>()).prop_map(|(settings, batches, seed)| {
        let (image, read_mode, [cached, kept, closed], wal_after_commits) = settings;
        History {
            image,
            read_mode,
            cached,
            kept,
            wal_after_commits,
            batches,
            closed,
            seed,
        }
    })
}

impl History {
    fn settings(&self) -> RedbBuilder {
        let settings = match self.wal_after_commits {
            Some(after) => with_wal(after),
            None => RedbStore::builder().wal_after_commits(None),
        };
        let settings = match self.cached {
            true => settings,
            false => settings.cache_size(0).row_cache_entries(0),
        };
        settings
            .history(self.kept.then(HistoryOptions::default))
            .read_mode(self.read_mode)
    }

    fn open(&self, [file, wal]: [BrokenDisk; 2]) -> certbind_core::Result<RedbStore> {
        self.settings().open_backend_with_wal(file, wal, "the disk")
    }

    /// Applies the batches to a disk with a fault, and returns the states of the store.
    fn run(&self, disks: [BrokenDisk; 2]) -> Result<Written, TestCaseError> {
        let mut written = Written::new(self.image);
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
                (Err(error), met) if is_fault(&error) => {
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
            let _ = store.close();
        }
        Ok(written)
    }
}

fn is_fault(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Corrupt { .. } | StoreError::Unavailable { .. } | StoreError::Io { .. }
    )
}

const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/proptest-regressions/broken_disk.txt"
);

/// How many cases had which outcome.
#[derive(Debug, Default)]
struct Outcomes {
    without_effect: AtomicU64,
    refused: AtomicU64,
    opened: AtomicU64,
}

impl Outcomes {
    /// Opens the store on a disk: it is refused, or in one of its states.
    fn check(
        &self,
        history: &History,
        written: &Written,
        disks: [BrokenDisk; 2],
    ) -> Result<(), TestCaseError> {
        let fault = disks[0].fault;
        let outcome = match history.open(disks) {
            Ok(store) => {
                match fault {
                    Fault::OldData { .. } => written.check_bindings(&store)?,
                    _ => written.check(&store)?,
                }
                &self.opened
            }
            Err(error) => {
                refused(&error)?;
                &self.refused
            }
        };
        outcome.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Both outcomes were seen, and most faults had an effect.
    fn assert_reached(self) {
        let [without, refused, opened] =
            [self.without_effect, self.refused, self.opened].map(AtomicU64::into_inner);
        let reached = opened > 0 && refused > 0 && without < opened + refused;
        assert!(
            reached,
            "{opened} opened, {refused} refused, {without} without an effect"
        );
    }
}

fn healthy(disk: &Disk) -> [BrokenDisk; 2] {
    BrokenDisk::pair(disk, Fault::None, 0)
}

/// A power cut after syncs that had no effect. Any later commit may be lost, and none in part.
#[test]
fn lying_sync_costs_whole_commits() {
    let outcomes = Outcomes::default();
    let cases = (history(), 0..12_u64);
    let mut runner = TestRunner::new(config(300, REGRESSIONS));
    let ran = runner.run(&cases, |(history, after)| {
        let disk = Disk::of(&IMAGES[history.image]);
        let disks = BrokenDisk::pair(&disk, Fault::SyncLies { after }, history.seed);
        let written = history.run(disks.clone())?;
        if disks[0].effects() == 0 {
            outcomes.without_effect.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        let mut dice = Dice(history.seed);
        let disk = disk.after_power_cut(|many| dice.below(many));
        outcomes.check(&history, &written, healthy(&disk))
    });
    ran.unwrap();
    outcomes.assert_reached();
}

/// Writes replace other sectors, and their own keep what they had. The store reads no page again
/// that it has written; a store that does so, because its cache is too small, may miss bindings.
#[test]
fn misplaced_write_is_refused_or_costs_whole_commits() {
    let outcomes = Outcomes::default();
    let sectors = prop_oneof![
        prop::sample::select(&[-1, 1][..]),
        -64..64_i64,
        -4_000..4_000_i64
    ];
    let cases = (history(), 2..60_usize, sectors);
    let mut runner = TestRunner::new(config(300, REGRESSIONS));
    let ran = runner.run(&cases, |(mut history, one_of, sectors)| {
        history.cached = true;
        let disk = Disk::of(&IMAGES[history.image]);
        let fault = Fault::WrongPlace { one_of, sectors };
        let disks = BrokenDisk::pair(&disk, fault, history.seed);
        let written = history.run(disks.clone())?;
        if disks[0].effects() == 0 {
            outcomes.without_effect.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        outcomes.check(&history, &written, healthy(&disk.copy()))
    });
    ran.unwrap();
    outcomes.assert_reached();
}

/// A store is opened and read from a disk whose reads are partly of earlier moments. An older page is
/// not detected after the opening has verified the file: the store may show an older binding.
#[test]
fn old_data_is_refused_or_shows_bindings_that_were_written() {
    let outcomes = Outcomes::default();
    let cases = (history(), 1..8_usize);
    let mut runner = TestRunner::new(config(300, REGRESSIONS));
    let ran = runner.run(&cases, |(history, one_of)| {
        let disk = Disk::of(&IMAGES[history.image]);
        let disks = healthy(&disk);
        let written = history.run(disks.clone())?;
        let disks = disks.map(|honest| BrokenDisk {
            fault: Fault::OldData { one_of },
            ..honest
        });
        outcomes.check(&history, &written, disks.clone())?;
        if disks[0].effects() == 0 {
            outcomes.without_effect.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    ran.unwrap();
    outcomes.assert_reached();
}

/// The file of one moment, and the WAL of the same or another.
#[test]
fn old_files_are_refused_or_an_earlier_state() {
    let outcomes = Outcomes::default();
    let mut runner = TestRunner::new(config(20, REGRESSIONS));
    let ran = runner.run(&history(), |history| {
        let disk = Disk::of(&IMAGES[history.image]);
        let disks = healthy(&disk);
        let written = history.run(disks.clone())?;
        let [files, wals] = disks.map(|disk| {
            let mut versions = disk.versions.lock().unwrap().clone();
            versions.push(disk.disk.bytes());
            versions.dedup();
            versions
        });
        for file in &files {
            for wal in &wals {
                let disk = Disk::with_wal(file, wal);
                outcomes.check(&history, &written, healthy(&disk))?;
            }
        }
        Ok(())
    });
    ran.unwrap();
    outcomes.assert_reached();
}

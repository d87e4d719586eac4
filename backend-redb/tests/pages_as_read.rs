//! `Verification::PagesAsRead`: opening reads little, and damage is an error where it is read, never
//! a wrong or missing binding.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use certbind_core::{Batch, Binding, BindingStore, Change, Result, Scan, StoreError};
use certbind_redb::{ReadMode, RedbStore, Verification};
use common::crashed::crashed;
use common::disk::{Disk, Plan};
use common::{Dice, IMAGES, READ_MODES, binding, cases, contents, key, open, with_wal};

fn read_only(disk: &Disk, mode: ReadMode) -> Result<RedbStore> {
    let builder = RedbStore::builder().verification(Verification::PagesAsRead);
    // Without a cache, pages are read and verified again and again.
    let builder = builder.read_mode(mode).cache_size(0).row_cache_entries(0);
    builder.open_backend_read_only(disk.clone(), "the disk")
}

/// A file that was closed, and its bindings.
fn closed(count: u16) -> (Vec<u8>, Vec<Binding>) {
    let disk = Disk::of(&IMAGES[1]);
    let store = open(&disk).unwrap();
    let changes = (2000..2000 + count).map(|number| Change::insert(binding(number, 3)));
    store.apply(&Batch::new(changes).unwrap()).unwrap();
    store.remove(&key(1000)).unwrap();
    let bindings = contents(&store);
    store.close().unwrap();
    (disk.bytes(), bindings)
}

/// Whether an error is one of damage, or of the reads after it.
fn is_damage(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Corrupt { .. } | StoreError::Unavailable { .. }
    )
}

/// When an image is damaged.
#[derive(Clone, Copy)]
enum Damaged {
    BeforeOpening,
    /// redb's debug assertions read every page at opening, so damage for later reads is made
    /// afterwards.
    AfterOpening,
}

/// The outcome of a damaged image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Refused,
    FoundByRead,
    Harmless,
}

/// Opens a damaged image and reads all of it. Each result is correct, or an error of damage.
#[track_caller]
fn outcome(
    (image, bindings): &(Vec<u8>, Vec<Binding>),
    damaged: &[u8],
    time: Damaged,
    case: usize,
) -> Outcome {
    // After an error a store answers no more, so each call has an opening of its own.
    let opened = || match time {
        Damaged::BeforeOpening => read_only(&Disk::of(damaged), READ_MODES[case % 2]),
        Damaged::AfterOpening => {
            let disk = Disk::of(image);
            let store = read_only(&disk, ReadMode::FromFile).unwrap();
            disk.overwrite(damaged);
            Ok(store)
        }
    };
    let damage = |error: StoreError| assert!(is_damage(&error), "case {case}: {error:?}");
    let mut outcome = Outcome::Harmless;
    let some = bindings[case % bindings.len()].key();
    for sought in [some, &key(5)] {
        let found = match opened() {
            Ok(store) => store.get(sought),
            Err(error) => {
                damage(error);
                return Outcome::Refused;
            }
        };
        let expected = bindings.iter().find(|binding| binding.key() == sought);
        match found {
            Ok(found) => assert_eq!(found.as_ref(), expected, "case {case}"),
            Err(error) => {
                damage(error);
                outcome = Outcome::FoundByRead;
            }
        }
    }
    let store = opened().unwrap();
    let mut expected = bindings.iter();
    let scan = match store.scan(&Scan::all()) {
        Ok(scan) => scan,
        Err(error) => {
            damage(error);
            return Outcome::FoundByRead;
        }
    };
    for found in scan {
        match found {
            Ok(found) => assert_eq!(Some(&found), expected.next(), "case {case}"),
            Err(error) => {
                damage(error);
                return Outcome::FoundByRead;
            }
        }
    }
    assert_eq!(expected.next(), None, "case {case}: bindings are missing");
    outcome
}

/// How many damaged images were refused, found by a read, and harmless.
fn outcomes(
    count: usize,
    closed: &(Vec<u8>, Vec<Binding>),
    time: Damaged,
    damage: impl Fn(usize) -> Vec<u8> + Sync,
) -> [usize; 3] {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let next = AtomicUsize::new(0);
    let found = [(); 3].map(|()| AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let case = next.fetch_add(1, Ordering::Relaxed);
                    if case >= count {
                        return;
                    }
                    let outcome = outcome(closed, &damage(case), time, case);
                    found[outcome as usize].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    found.map(AtomicUsize::into_inner)
}

/// An image with one bit flipped in the part of it that the case is for.
fn flipped(image: &[u8], case: usize, count: usize) -> Vec<u8> {
    let mut dice = Dice(case as u64);
    let mut image = image.to_vec();
    let step = image.len() / count;
    let at = (case * step + dice.below(step)).min(image.len() - 1);
    image[at] ^= 1 << dice.below(8);
    image
}

#[test]
fn bit_flip_is_an_error_where_it_is_read() {
    let closed = closed(900);
    let count = cases(300) as usize;
    let flip = |case| flipped(&closed.0, case, count);
    let [refused, read, harmless] = outcomes(count, &closed, Damaged::AfterOpening, flip);
    assert!(
        refused == 0 && read > count / 10 && harmless > 0,
        "{read}, {harmless}"
    );
    let [refused, read, harmless] = outcomes(count / 4, &closed, Damaged::BeforeOpening, flip);
    assert!(
        refused + read > 0 && harmless > 0,
        "{refused}, {read}, {harmless}"
    );
}

#[test]
fn header_bit_flip_is_an_error_or_harmless() {
    let closed = closed(3);
    let flip = |case: usize| {
        let mut image = closed.0.clone();
        image[case / 8] ^= 1 << (case % 8);
        image
    };
    let [refused, read, harmless] = outcomes(320 * 8, &closed, Damaged::BeforeOpening, flip);
    assert!(
        refused > 500 && harmless > 500,
        "{refused}, {read}, {harmless}"
    );
}

/// Sectors are lost, or written to another place: both leave pages that are valid by themselves.
#[test]
fn lost_or_swapped_sectors_are_read_errors() {
    let closed = closed(900);
    let damaged = |case: usize| {
        let mut dice = Dice(case as u64);
        let mut image = closed.0.clone();
        let unit = [512, 4096][case % 2];
        let [one, other] = [(); 2].map(|()| dice.below(image.len() / unit) * unit);
        match case % 3 {
            0 => image[one..one + unit].fill(0),
            _ => image.copy_within(one..one + unit, other),
        }
        image
    };
    let count = cases(300) as usize;
    let [_, read, harmless] = outcomes(count, &closed, Damaged::AfterOpening, damaged);
    assert!(read > count / 10 && harmless > 0, "{read}, {harmless}");
}

#[test]
fn truncated_file_is_refused() {
    let closed = closed(300);
    for len in (1..closed.0.len()).step_by(3333) {
        let found = outcome(&closed, &closed.0[..len], Damaged::BeforeOpening, len);
        assert_eq!(found, Outcome::Refused, "{len}");
    }
}

/// A `get` of a large file reads and verifies one path of its tree.
#[test]
fn get_reads_a_few_pages() {
    let (image, bindings) = closed(9_000);
    let disk = Disk::of(&image);
    let store = read_only(&disk, ReadMode::FromFile).unwrap();
    disk.plan(Plan::Nothing);
    let binding = &bindings[5_000];
    assert_eq!(store.get(binding.key()).unwrap().as_ref(), Some(binding));
    let reads = disk.counts().reads;
    assert!((1..8).contains(&reads), "{reads}");
    // redb's debug assertions read every page at opening.
    if !cfg!(debug_assertions) {
        disk.plan(Plan::Nothing);
        drop(read_only(&disk, ReadMode::FromFile).unwrap());
        assert!(disk.counts().reads < 30, "{:?}", disk.counts());
    }
}

/// A file that was not closed is verified as a whole and its WAL is replayed.
#[test]
fn crashed_store_is_read_completely() {
    let (_directory, path, held) = crashed(4);
    for mode in READ_MODES {
        let builder = RedbStore::builder().verification(Verification::PagesAsRead);
        let store = builder.read_mode(mode).open_read_only(&path).unwrap();
        assert_eq!((store.revision(), contents(&store)), (7, held.clone()));
    }
    // A file without a WAL.
    let disk = Disk::of(&IMAGES[1]).opened_with(with_wal(9));
    let store = open(&disk).unwrap();
    store.insert(binding(1, 1)).unwrap();
    let copy = disk.copy();
    let found = read_only(&copy, ReadMode::FromFile).unwrap();
    assert_eq!(contents(&found), contents(&store));
}

/// An older format is upgraded in memory, which changes pages.
#[test]
fn older_format_is_read() {
    let store = read_only(&Disk::of(&IMAGES[2]), ReadMode::FromFile).unwrap();
    assert_eq!(contents(&store).len(), 300);
    assert!(store.check().unwrap().is_clean());
}

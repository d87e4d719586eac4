//! The log beside a store: when it is there, what an opening makes of it, and that one which is
//! missing, foreign or damaged is never passed over.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use backend_redb::{Options, RedbStore};
use common::disk::{BROKEN, Disk, FULL, Operation, Plan};
use common::{Dice, IMAGES, binding, contents, key, logged, open};
use store_core::{Batch, Binding, BindingStore, Change, StoreError};
use tempfile::{TempDir, tempdir};

fn log_of(path: &Path) -> PathBuf {
    path.with_file_name("bindings.redb-log")
}

fn names(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

const ALONE: [&str; 1] = ["bindings.redb"];
const BOTH: [&str; 2] = ["bindings.redb", "bindings.redb-log"];

/// A store that was not closed: three commits are in the file, and as many as asked for in its log.
fn crashed(in_log: u16) -> (TempDir, PathBuf, Vec<Binding>) {
    let writing = tempdir().unwrap();
    let path = writing.path().join("bindings.redb");
    let store = logged(2).open(&path).unwrap();
    for number in 0..3 + in_log {
        store.insert(binding(number, 1)).unwrap();
    }
    let directory = tempdir().unwrap();
    for name in names(&writing) {
        fs::copy(writing.path().join(&name), directory.path().join(&name)).unwrap();
    }
    let path = directory.path().join("bindings.redb");
    (directory, path, contents(&store))
}

/// The error of each way to open what is there, which leaves it byte for byte as it was.
#[track_caller]
fn assert_refused(path: &Path, expected: &str) {
    let files = [path.to_owned(), log_of(path)];
    let before = files.each_ref().map(|path| fs::read(path).ok());
    for error in [
        RedbStore::open(path).unwrap_err(),
        RedbStore::open_existing(path).unwrap_err(),
        RedbStore::open_read_only(path).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        let said = error.to_string();
        assert!(
            ["bindings.redb-log", expected, "check --without-log"]
                .iter()
                .all(|part| said.contains(part)),
            "{said}"
        );
    }
    assert!(files.each_ref().map(|path| fs::read(path).ok()) == before);
}

#[test]
fn a_store_that_is_written_to_a_little_has_no_log_and_costs_what_it_did() {
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
fn a_commit_to_a_log_is_one_write_and_one_sync() {
    let disk = Disk::of(&IMAGES[1]).opened_with(logged(0));
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
fn a_log_is_its_owners_alone_and_goes_when_the_store_is_closed() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = logged(0).open(&path).unwrap();
    for number in 0..30 {
        store.insert(binding(number, 1)).unwrap();
    }
    let metadata = fs::metadata(log_of(&path)).unwrap();
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
fn a_store_that_was_not_closed_holds_what_its_log_has() {
    // None, some, all that have room, and more.
    for in_log in [0, 1, 6, 7, 8, 20] {
        let (directory, path, held) = crashed(in_log);
        assert_eq!(names(&directory), BOTH);
        let before = BOTH.map(|name| fs::read(directory.path().join(name)).unwrap());
        for resident in [false, true] {
            let store = Options::new()
                .resident(resident)
                .open_read_only(&path)
                .unwrap();
            assert_eq!(
                (store.revision(), contents(&store)),
                (3 + u64::from(in_log), held.clone())
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
            (3 + u64::from(in_log), held.clone())
        );
        assert!(store.check().unwrap().is_clean());
        let applied = store.apply(&Change::put(binding(77, 1)).into()).unwrap();
        assert_eq!(applied.revision(), Some(4 + u64::from(in_log)));
    }
}

#[test]
fn a_batch_that_has_no_room_in_the_log_goes_to_the_file() {
    let (disk, many) = (Disk::of(&IMAGES[0]).opened_with(logged(0)), 0..200);
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
fn a_check_reads_the_log_as_an_opening_would() {
    let disk = Disk::of(&IMAGES[0]).opened_with(logged(0));
    let store = open(&disk).unwrap();
    for number in 0..6 {
        store.insert(binding(number, 1)).unwrap();
    }
    let report = store.check().unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.revision, report.bindings), (6, 6));

    let whole = disk.log().bytes();
    let mut damaged = whole.clone();
    damaged[2 * 512 + 40] ^= 1;
    disk.log().overwrite(&damaged);
    let report = store.check().unwrap();
    let said = &report.problems[0];
    assert!(
        said.contains("the disk-log") && said.contains("damaged"),
        "{report:?}"
    );
    // The last cannot be told from one that was not finished; who has the store open knows better.
    let mut damaged = whole.clone();
    damaged[5 * 512 + 40] ^= 1;
    disk.log().overwrite(&damaged);
    let report = store.check().unwrap();
    assert!(
        report.problems[0].contains("goes back to revision 5"),
        "{report:?}"
    );
    disk.log().overwrite(&whole);
    assert!(store.check().unwrap().is_clean());
}

#[test]
fn a_log_that_is_missing_is_asked_for_and_can_be_given_up() {
    let (directory, path, held) = crashed(4);
    fs::remove_file(log_of(&path)).unwrap();
    assert_refused(&path, "missing");
    for options in [Options::new(), logged(0)] {
        let options = options.without_log(true);
        let store = options.open_read_only(&path).unwrap();
        assert_eq!(
            (store.revision(), contents(&store)),
            (3, held[..3].to_vec())
        );
    }
    assert_refused(&path, "missing");
    drop(Options::new().without_log(true).open(&path).unwrap());
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(
        (store.revision(), contents(&store)),
        (3, held[..3].to_vec())
    );
    assert_eq!(names(&directory), ALONE);
}

#[test]
fn a_damaged_log_can_be_given_up_too_and_goes_if_it_can_be_told_for_one() {
    let log = {
        let (_directory, path, _) = crashed(4);
        fs::read(log_of(&path)).unwrap()
    };
    let given_up = |damaged: &dyn Fn(&mut Vec<u8>), said: &str, left: &[&str]| {
        let (directory, path, held) = crashed(4);
        let mut log = fs::read(log_of(&path)).unwrap();
        damaged(&mut log);
        fs::write(log_of(&path), log).unwrap();
        assert_refused(&path, said);
        drop(Options::new().without_log(true).open(&path).unwrap());
        assert_eq!(names(&directory), left);
        let store = RedbStore::open(&path).unwrap();
        assert_eq!(
            (store.revision(), contents(&store)),
            (3, held[..3].to_vec())
        );
    };
    given_up(&|log| log.truncate(700), "not as long", &ALONE);
    given_up(&|log| log[30] ^= 1, "damaged, or no log", &ALONE);
    given_up(&|log| log[600] ^= 1, "behind a bad one", &ALONE);
    given_up(&|log| *log = b"a log?".to_vec(), "cut short", &BOTH);
    given_up(&|log| log.fill(7), "damaged, or no log", &BOTH);
    given_up(&|other| other.clone_from(&log), "another store", &BOTH);
}

#[test]
fn the_log_of_another_store_or_of_another_time_is_refused() {
    let (_directory, path, _) = crashed(4);
    let (_other_directory, other, _) = crashed(4);
    let own = fs::read(log_of(&path)).unwrap();
    fs::copy(log_of(&other), log_of(&path)).unwrap();
    assert_refused(&path, "another store or time");
    fs::write(log_of(&path), &own).unwrap();

    // Opened, closed and left by another crash: the first log says nothing of it.
    let store = logged(0).open(&path).unwrap();
    store.insert(binding(50, 1)).unwrap();
    let later = fs::read(&path).unwrap();
    drop(store);
    fs::write(&path, later).unwrap();
    fs::write(log_of(&path), own).unwrap();
    assert_refused(&path, "another store or time");
}

#[test]
fn a_log_that_nothing_names_is_left_alone_by_reading_and_goes_when_one_writes() {
    let (directory, path, held) = crashed(4);
    let log = fs::read(log_of(&path)).unwrap();
    drop(RedbStore::open(&path).unwrap());
    for left_over in [&log[..], b"", &log[..700]] {
        fs::write(log_of(&path), left_over).unwrap();
        let store = RedbStore::open_read_only(&path).unwrap();
        assert_eq!((store.revision(), contents(&store)), (7, held.clone()));
        assert!(store.check().unwrap().is_clean());
        drop(store);
        assert_eq!(fs::read(log_of(&path)).unwrap(), left_over);
        let store = RedbStore::open(&path).unwrap();
        assert_eq!((store.revision(), contents(&store)), (7, held.clone()));
        assert_eq!(names(&directory), ALONE);
    }
}

#[test]
fn a_store_whose_log_cannot_be_made_does_without() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    fs::create_dir(log_of(&path)).unwrap();
    let store = logged(0).open(&path).unwrap();
    for number in 0..20 {
        store.insert(binding(number, 1)).unwrap();
    }
    drop(store);
    let store = RedbStore::open(&path).unwrap();
    assert_eq!((store.revision(), contents(&store).len()), (20, 20));
}

#[cfg(unix)]
#[test]
fn a_log_is_beside_the_file_by_whatever_name_that_was_opened() {
    let (_directory, path, held) = crashed(4);
    let elsewhere = tempdir().unwrap();
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let store = RedbStore::open_read_only(&link).unwrap();
    assert_eq!(contents(&store), held);
    drop(store);
    let store = logged(0).open(&link).unwrap();
    store.insert(binding(90, 1)).unwrap();
    store.insert(binding(91, 1)).unwrap();
    assert!(log_of(&path).exists());
    assert_eq!(names(&elsewhere), ["link"]);
}

#[cfg(unix)]
#[test]
fn a_link_that_somebody_puts_in_the_place_of_a_log_is_not_followed() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let theirs = directory.path().join("theirs");
    fs::write(&theirs, "theirs").unwrap();
    std::os::unix::fs::symlink(&theirs, log_of(&path)).unwrap();
    for before in [true, false] {
        let store = logged(1).open(&path).unwrap();
        if !before {
            std::os::unix::fs::symlink(&theirs, log_of(&path)).unwrap();
        }
        for number in 1..4 {
            store.put(binding(number, 1)).unwrap();
        }
        drop(store);
        assert_eq!(fs::read(&theirs).unwrap(), b"theirs");
        fs::remove_file(log_of(&path)).unwrap();
        assert_eq!(names(&directory), ["bindings.redb", "theirs"]);
    }

    let (_directory, path, _) = crashed(4);
    fs::remove_file(log_of(&path)).unwrap();
    std::os::unix::fs::symlink(&theirs, log_of(&path)).unwrap();
    let error = RedbStore::open(&path).unwrap_err();
    assert!(error.to_string().contains("no regular file"), "{error}");
}

/// A disk with a store that was not closed, and what it holds.
fn crashed_disk() -> (Disk, (u64, Vec<Binding>)) {
    let disk = Disk::of(&IMAGES[0]).opened_with(logged(1));
    let store = open(&disk).unwrap();
    for number in 0..7 {
        store.put(binding(number, 1)).unwrap();
    }
    store.remove(&key(5)).unwrap();
    (disk.copy(), (store.revision(), contents(&store)))
}

#[test]
fn a_log_is_replayed_once_whenever_the_power_goes_meanwhile() {
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
fn a_bit_that_flips_anywhere_in_a_log_is_noticed_or_costs_the_last_commit_at_most() {
    let (crashed, held) = crashed_disk();
    let before = {
        let disk = crashed.copy();
        let store = open(&disk).unwrap();
        store.put(binding(5, 1)).unwrap();
        (held.0 - 1, contents(&store))
    };
    let image = crashed.log().bytes();
    let (mut refused, mut last, mut whole) = (0, 0, 0);
    for at in 0..image.len() {
        let mut log = image.clone();
        log[at] ^= 1 << (at % 8);
        let disk = Disk::with_log(&crashed.bytes(), &log);
        match open(&disk) {
            Err(StoreError::Corrupt { what, .. }) => {
                assert_eq!(what, "the disk-log");
                assert!(disk.bytes() == crashed.bytes() && disk.log().bytes() == log);
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
fn a_log_that_was_cut_or_whose_sectors_changed_places_is_refused() {
    let (crashed, _) = crashed_disk();
    let image = crashed.log().bytes();
    let refused = |log: &[u8]| {
        let disk = Disk::with_log(&crashed.bytes(), log);
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
fn what_is_no_log_of_this_store_is_neither_removed_nor_written_to() {
    let (_other_directory, other, _) = crashed(4);
    let (store, log) = (fs::read(&other).unwrap(), fs::read(log_of(&other)).unwrap());
    let zeros_first = [&[0; 512][..], b"somebody's"].concat();
    for theirs in [
        &b"what a service has to say"[..],
        &zeros_first,
        &store,
        &log,
    ] {
        let directory = tempdir().unwrap();
        let path = directory.path().join("bindings.redb");
        fs::write(log_of(&path), theirs).unwrap();
        for _ in 0..2 {
            let store = logged(1).open(&path).unwrap();
            for number in 0..5 {
                store.put(binding(number, 1)).unwrap();
            }
            drop(store);
            assert!(fs::read(log_of(&path)).unwrap() == theirs);
        }
        assert_eq!(RedbStore::open(&path).unwrap().revision(), 10);
    }
}

#[test]
fn what_was_to_become_a_log_goes() {
    for left_over in [0, 100, 512, 4096] {
        let directory = tempdir().unwrap();
        let path = directory.path().join("bindings.redb");
        fs::write(log_of(&path), vec![0; left_over]).unwrap();
        let store = logged(0).open(&path).unwrap();
        assert_eq!(names(&directory), ALONE);
        store.insert(binding(1, 1)).unwrap();
        assert_eq!(names(&directory), BOTH);
    }
}

/// Puts a store that was not closed in the place of one.
#[cfg(unix)]
fn replace_by_crashed(path: &Path) -> Vec<Binding> {
    let (_directory, other, held) = crashed(4);
    for (from, to) in [(log_of(&other), log_of(path)), (other, path.to_owned())] {
        let copy = to.with_extension("copy");
        fs::copy(from, &copy).unwrap();
        fs::rename(copy, to).unwrap();
    }
    held
}

#[cfg(unix)]
#[test]
fn a_store_whose_file_was_replaced_leaves_the_log_of_the_other_alone() {
    // Replaced before it has a log, and while it has one.
    for commits_before in [1, 4] {
        let directory = tempdir().unwrap();
        let path = directory.path().join("bindings.redb");
        let store = logged(2).open(&path).unwrap();
        for number in 0..commits_before {
            store.insert(binding(number, 1)).unwrap();
        }
        let held = replace_by_crashed(&path);
        for number in 20..40 {
            store.insert(binding(number, 1)).unwrap();
        }
        drop(store);
        let store = RedbStore::open(&path).unwrap();
        assert_eq!(contents(&store), held);
    }
}

#[cfg(unix)]
#[test]
fn a_log_is_of_the_owner_of_the_store_if_root_makes_it() {
    use std::os::unix::fs::{MetadataExt, chown};

    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    drop(RedbStore::open(&path).unwrap());
    if chown(&path, Some(12345), None).is_err() {
        eprintln!("NOT RUN: only root gives files away");
        return;
    }
    let store = logged(0).open(&path).unwrap();
    store.insert(binding(1, 1)).unwrap();
    let log = fs::metadata(log_of(&path)).unwrap();
    assert_eq!((log.uid(), log.mode() & 0o777), (12345, 0o600));
}

#[cfg(unix)]
#[test]
fn a_store_that_was_renamed_before_it_has_a_log_makes_none() {
    let directory = tempdir().unwrap();
    let (path, renamed) = ("a.redb", "b.redb");
    let [path, renamed] = [path, renamed].map(|name| directory.path().join(name));
    let store = logged(2).open(&path).unwrap();
    store.insert(binding(0, 1)).unwrap();
    fs::rename(&path, &renamed).unwrap();
    for number in 1..9 {
        store.insert(binding(number, 1)).unwrap();
    }
    assert_eq!(names(&directory), ["b.redb"]);
    let held = contents(&store);
    drop(store);
    assert_eq!(contents(&RedbStore::open(&renamed).unwrap()), held);
}

#[test]
fn a_log_that_is_whole_is_not_given_up() {
    let (directory, path, held) = crashed(4);
    let options = Options::new().without_log(true);
    let store = options.open_read_only(&path).unwrap();
    assert_eq!((store.revision(), contents(&store)), (7, held.clone()));
    drop(store);
    let store = options.open(&path).unwrap();
    assert_eq!((store.revision(), contents(&store)), (7, held));
    assert_eq!(names(&directory), ALONE);
}

#[test]
fn a_log_that_cannot_be_read_is_not_given_up() {
    let (crashed, held) = crashed_disk();
    let total = {
        let disk = crashed.copy();
        disk.plan(Plan::Nothing);
        drop(open(&disk).unwrap());
        disk.counts().reads
    };
    for after in 0..total {
        let disk = crashed.copy().opened_with(logged(1).without_log(true));
        disk.plan(Plan::Fail {
            operation: Operation::Read,
            after,
            times: 1,
            half: false,
            code: BROKEN,
        });
        drop(open(&disk));
        disk.plan(Plan::Nothing);
        let store = open(&disk).unwrap();
        assert_eq!((store.revision(), contents(&store)), held, "{after}");
    }
}

#[test]
fn a_length_beyond_all_bounds_makes_no_log_of_it() {
    let options = Options::new().log_after(Some(0)).log_bytes(u64::MAX);
    let disk = Disk::of(&IMAGES[0]).opened_with(options);
    let store = open(&disk).unwrap();
    disk.plan(Plan::Fail {
        operation: Operation::SetLen,
        after: 0,
        times: 1,
        half: false,
        code: FULL,
    });
    store.insert(binding(1, 1)).unwrap();
    store.insert(binding(2, 1)).unwrap();
    assert!(disk.counts().set_lens > 0);
}

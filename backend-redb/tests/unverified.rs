//! Damage that no verification has found, because it was not requested or because the damage came
//! later: reads return correct values or errors. redb may abort the process, so each case runs in
//! another process.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![cfg(unix)]

mod common;

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use certbind_core::{Binding, BindingStore, Result, Scan, StoreError};
use certbind_redb::{RedbStore, Verification};
use common::disk::Disk;
use common::{Dice, IMAGES, binding, cases, contents, open};

const MODE: &str = "CERTBIND_TEST_MODE";
const FROM: &str = "CERTBIND_TEST_FROM";
const TO: &str = "CERTBIND_TEST_TO";

/// The signal of `abort`.
const SIGABRT: i32 = 6;

/// No case takes longer, by far.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Runs the cases of a range. The last case printed is the one that was running.
#[test]
#[ignore = "the other tests run it, as another process"]
fn the_other_process() {
    let number = |name| std::env::var(name).unwrap().parse::<usize>().unwrap();
    let mode = std::env::var(MODE).unwrap();
    let (image, bindings) = healthy();
    static CASE: AtomicU64 = AtomicU64::new(0);
    thread::spawn(|| {
        let mut last = u64::MAX;
        loop {
            let case = CASE.load(Ordering::Relaxed);
            if case == last {
                eprintln!("case {case} hangs");
                std::process::exit(3);
            }
            last = case;
            thread::sleep(TIME_LIMIT);
        }
    });
    for case in number(FROM)..number(TO) {
        CASE.store(case as u64 + 1, Ordering::Relaxed);
        say(case);
        let damaged = flipped(&image, case);
        let options = RedbStore::builder()
            .verification(Verification::HeaderOnly)
            .cache_size(0);
        let store = match mode.as_str() {
            "unverified" => options.open_backend(Disk::of(&damaged), "the disk"),
            _ => {
                let disk = Disk::of(&image);
                let store = options.open_backend(disk.clone(), "the disk").unwrap();
                let mut now = disk.bytes();
                let same = now.len().min(damaged.len());
                for at in (0..same).filter(|at| damaged[*at] != image[*at]) {
                    now[at] ^= damaged[at] ^ image[at];
                }
                disk.overwrite(&now);
                Ok(store)
            }
        };
        match store {
            Ok(store) => assert_right(&store, &bindings),
            // The damage may have hit the number of the format.
            Err(StoreError::Corrupt { .. } | StoreError::NewerFormat { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

fn say(case: usize) {
    // A single write that begins with a line feed, which ends a line of the test harness.
    let line = format!("\n> {case}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

/// The bytes of a closed store, and its contents.
fn healthy() -> (Vec<u8>, Vec<Binding>) {
    let disk = Disk::of(&IMAGES[1]);
    let store = open(&disk).unwrap();
    let bindings = contents(&store);
    drop(store);
    (disk.bytes(), bindings)
}

fn flipped(image: &[u8], case: usize) -> Vec<u8> {
    let mut dice = Dice(case as u64);
    // Most of a file is free: used bytes differ from 0.
    let written: Vec<_> = (0..image.len()).filter(|at| image[*at] != 0).collect();
    let at = match case % 2 {
        0 => written[dice.below(written.len())],
        _ => dice.below(image.len()),
    };
    let mut image = image.to_vec();
    image[at] ^= 1 << dice.below(8);
    image
}

/// Every read of the store returns the written value, nothing, or an error of damage.
fn assert_right(store: &RedbStore, bindings: &[Binding]) {
    let is_damage = |error: &StoreError| {
        matches!(
            error,
            StoreError::Corrupt { .. } | StoreError::Unavailable { .. }
        )
    };
    for binding in bindings {
        match store.get(binding.key()) {
            Ok(found) => assert!(found.is_none_or(|found| found == *binding)),
            Err(error) => assert!(is_damage(&error), "{error:?}"),
        }
    }
    let scanned: Result<Vec<_>> = store
        .scan(&Scan::all())
        .and_then(|found| found.take(10 * bindings.len()).collect());
    match scanned {
        Ok(found) => assert!(found.iter().all(|found| bindings.contains(found))),
        Err(error) => assert!(is_damage(&error), "{error:?}"),
    }
    match store.put(binding(1, 1)) {
        Ok(found) => assert_eq!(found, None),
        Err(error) => assert!(is_damage(&error), "{error:?}"),
    }
}

/// Runs `count` cases, continuing after those that ended the process, and returns the number of
/// those.
fn run(mode: &str, count: usize) -> usize {
    let (mut next, mut ended) = (0, 0);
    while next < count {
        let [mut said, mut complained] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["the_other_process", "--exact", "--ignored", "--nocapture"])
            .env(MODE, mode)
            .env(FROM, next.to_string())
            .env(TO, count.to_string())
            .stdout(Stdio::from(said.try_clone().unwrap()))
            .stderr(Stdio::from(complained.try_clone().unwrap()))
            .status()
            .unwrap();
        let last = read(&mut said)
            .lines()
            .filter_map(|line| line.strip_prefix("> ")?.parse::<usize>().ok())
            .next_back()
            .unwrap();
        if status.success() {
            assert_eq!(last, count - 1);
            return ended;
        }
        let complaint = read(&mut complained);
        assert_eq!(status.signal(), Some(SIGABRT), "case {last}: {complaint}");
        assert!(complaint.contains("redb-"), "not redb's: {complaint}");
        ended += 1;
        next = last + 1;
    }
    ended
}

fn read(file: &mut File) -> String {
    file.rewind().unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn unverified_damaged_file_returns_no_wrong_binding() {
    let count = cases(300) as usize;
    let ended = run("unverified", count);
    assert!(ended < count / 10, "{ended} of {count} ended the process");
}

#[test]
fn file_damaged_while_open_returns_no_wrong_binding() {
    let count = cases(300) as usize;
    let ended = run("open", count);
    assert!(ended < count / 10, "{ended} of {count} ended the process");
}

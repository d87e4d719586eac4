//! Other programs change HTTP.sys's bindings as well.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod fake;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use certbind_core::{Batch, BindingStore, Change, Precondition, Scan, StoreError};
use certbind_httpapi_abi::win32;
use fake::{Call, Fake, binding, open};

#[test]
fn key_bound_after_the_check_is_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let theirs = binding("0.0.0.0:443", 7);
    let once = theirs.clone();
    fake.hook(move |call, after, records| {
        if call == Call::Set && after.is_none() && records.is_empty() {
            records.push(once.clone());
        }
        None
    });
    let error = store.insert(binding("0.0.0.0:443", 1)).unwrap_err();
    let StoreError::AlreadyExists { found, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(found.as_deref(), Some(&theirs));
    assert_eq!(*fake.records(), [theirs]);
}

#[test]
fn put_replaces_a_key_changed_in_between() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let mut races = 0;
    fake.hook(move |call, after, records| {
        if call.writes() && after.is_none() && races < 4 {
            races += 1;
            match records.is_empty() {
                true => records.push(binding("0.0.0.0:443", 7)),
                false => records.clear(),
            }
        }
        None
    });
    store.put(binding("0.0.0.0:443", 1)).unwrap();
    assert_eq!(*fake.records(), [binding("0.0.0.0:443", 1)]);
}

#[test]
fn endless_race_ends_with_the_api_error() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    fake.hook(|call, _, _| (call == Call::Set).then_some(win32::ALREADY_EXISTS));
    let error = store.insert(binding("0.0.0.0:443", 1)).unwrap_err();
    assert!(
        matches!(error, StoreError::AlreadyExists { found: None, .. }),
        "{error}"
    );
}

#[test]
fn a_batch_in_a_race_is_checked_anew_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    store.insert(binding("[::]:443", 1)).unwrap();
    fake.hook(|call, after, records| {
        // Removed just before it is updated.
        if call == Call::Update && after.is_none() {
            records.retain(|binding| *binding.key() != "[::]:443".parse().unwrap());
        }
        None
    });
    let exactly = |n| Precondition::Exactly(Box::new(binding("[::]:443", n)));
    let batch = Batch::new([
        Change::insert(binding("0.0.0.0:443", 1)),
        Change::new(
            "[::]:443".parse().unwrap(),
            exactly(1),
            Some(binding("[::]:443", 2)),
        )
        .unwrap(),
    ]);
    let error = store.apply(&batch.unwrap()).unwrap_err();
    assert!(
        matches!(error, StoreError::Conflict { found: None, .. }),
        "{error}"
    );
    assert_eq!(*fake.records(), []);
}

#[test]
fn undo_keeps_later_foreign_changes() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    for key in ["0.0.0.0:443", "[::]:443", "ccs=443"] {
        store.insert(binding(key, 1)).unwrap();
    }
    let mut updates = 0;
    fake.hook(move |call, after, _| {
        updates += usize::from(call == Call::Update && after.is_some());
        assert!(updates < 3, "killed");
        None
    });
    let keys = ["0.0.0.0:443", "[::]:443", "ccs=443"];
    let batch = Batch::new(keys.map(|key| Change::update(binding(key, 2)))).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| store.apply(&batch))).is_err());
    fake.unhook();
    drop(store);

    // One of the three is given a third record, one is unbound.
    fake.records()
        .retain(|binding| *binding.key() != "[::]:443".parse().unwrap());
    fake.records()[0] = binding("0.0.0.0:443", 7);
    let store = open(&fake, folder.path());
    assert_eq!(
        *fake.records(),
        [binding("0.0.0.0:443", 7), binding("ccs=443", 1)]
    );
    let recovery = store.recovery();
    assert_eq!(recovery.restored, ["ccs=443".parse().unwrap()]);
    let [unbound, changed] = &recovery.conflicts[..] else {
        panic!("{recovery:?}");
    };
    assert_eq!(unbound.before, Some(binding("[::]:443", 1)));
    assert_eq!(unbound.found, None);
    assert_eq!(changed.before, Some(binding("0.0.0.0:443", 1)));
    assert_eq!(changed.found, Some(binding("0.0.0.0:443", 7)));

    drop(store);
    assert_eq!(
        open(&fake, folder.path()).recovery(),
        Default::default(),
        "once is enough"
    );
}

#[test]
fn refused_batch_keeps_foreign_changes() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    store.insert(binding("0.0.0.0:443", 1)).unwrap();
    fake.hook(|call, after, records| {
        if call == Call::Set && after.is_none() {
            records[0] = binding("0.0.0.0:443", 7);
            return Some(win32::ACCESS_DENIED);
        }
        None
    });
    let batch = [
        Change::update(binding("0.0.0.0:443", 2)),
        Change::insert(binding("[::]:443", 2)),
    ];
    let error = store.apply(&Batch::new(batch).unwrap()).unwrap_err();
    assert!(matches!(error, StoreError::AccessDenied { .. }), "{error}");
    assert_eq!(*fake.records(), [binding("0.0.0.0:443", 7)]);
}

#[test]
fn record_returned_without_store_name_is_recognized() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    fake.hook(|call, after, records| {
        for record in records
            .iter_mut()
            .filter(|_| call == Call::Set && after.is_some())
        {
            let mut plain = record.record().clone();
            plain.certificate.as_mut().unwrap().store_name = None;
            *record = record.clone().with_record(plain).unwrap();
        }
        (call == Call::Set && records.len() > 1).then(|| panic!("killed"))
    });
    let two = ["0.0.0.0:443", "[::]:443"].map(|key| Change::insert(binding(key, 1)));
    let batch = Batch::new(two).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| store.apply(&batch))).is_err());
    fake.unhook();
    assert_eq!(fake.records().len(), 2);
    let store = open(&fake, folder.path());
    assert_eq!(*fake.records(), []);
    assert_eq!(store.recovery().conflicts, []);
}

#[test]
fn a_scan_that_sees_the_store_move_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let ports = 440..450;
    *fake.records() = ports
        .map(|port| binding(&format!("ccs={port}"), 1))
        .rev()
        .collect();
    // Each of these, once, in the middle of a pass: a record removed or inserted before the
    // position, or replaced.
    let moves: [fn(&mut Vec<certbind_core::Binding>); 3] = [
        |records| drop(records.remove(0)),
        |records| records.insert(0, binding("ccs=1", 1)),
        |records| records[2] = binding("ccs=447", 2),
    ];
    for (i, change) in moves.into_iter().enumerate() {
        let mut done = false;
        fake.hook(move |call, after, records| {
            if matches!(call, Call::Next { token: 5, .. }) && after.is_none() && !done {
                done = true;
                change(records);
            }
            None
        });
        let scanned: Vec<_> = store
            .scan(&Scan::all())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(scanned, fake.sorted(), "move {i}");
    }
}

#[test]
fn a_scan_of_a_store_that_never_rests_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    *fake.records() = (1..9)
        .map(|port| binding(&format!("ccs={port}"), 1))
        .collect();
    fake.hook(|call, after, records| {
        if matches!(call, Call::Next { token: 4, .. }) && after.is_none() {
            records.rotate_left(1);
        }
        None
    });
    assert!(matches!(
        store.scan(&Scan::all()),
        Err(StoreError::Unstable { .. })
    ));
}

#[test]
fn two_stores_with_one_folder_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let keys = ["0.0.0.0:443", "[::]:443", "ccs=443"];
    for key in keys {
        fake.records().push(binding(key, 0));
    }
    std::thread::scope(|scope| {
        for n in 1..5 {
            let fake = Arc::clone(&fake);
            let folder = folder.path();
            scope.spawn(move || {
                let store = open(&fake, folder);
                for _ in 0..10 {
                    let batch = keys.map(|key| Change::update(binding(key, n)));
                    store.apply(&Batch::new(batch).unwrap()).unwrap();
                }
                assert_eq!(
                    store.recovery(),
                    Default::default(),
                    "no live batch was undone"
                );
            });
        }
    });
    let last = fake.sorted()[0].record().hash().unwrap().as_bytes()[0];
    assert_eq!(fake.sorted(), keys.map(|key| binding(key, last)));
}

const WAITING: &str = "waiting";

/// Waits until the thread of this name has slept many times, as a thread does that retries a lock;
/// or has ended.
#[cfg(target_os = "linux")]
fn wait_until_it_has_slept<T>(thread: &std::thread::ScopedJoinHandle<'_, T>) {
    let sleeps = || -> Option<u64> {
        let mut threads = std::fs::read_dir("/proc/self/task").unwrap();
        threads.find_map(|thread| {
            let status = std::fs::read_to_string(thread.ok()?.path().join("status")).ok()?;
            let value = |name| status.lines().find_map(|line| line.strip_prefix(name));
            (value("Name:")?.trim() == WAITING)
                .then(|| value("voluntary_ctxt_switches:")?.trim().parse().ok())?
        })
    };
    let start = Instant::now();
    while !thread.is_finished() && sleeps().is_none_or(|sleeps| sleeps < 20) {
        assert!(start.elapsed() < Duration::from_secs(20), "it hangs");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Only Linux reports the state of a thread.
#[cfg(not(target_os = "linux"))]
fn wait_until_it_has_slept<T>(_: &std::thread::ScopedJoinHandle<'_, T>) {}

#[test]
fn change_waits_for_a_batch_of_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    store.insert(binding("0.0.0.0:443", 1)).unwrap();
    let lock = File::open(folder.path().join("journal/lock")).unwrap();
    lock.lock().unwrap();
    std::thread::scope(|scope| {
        let waiting = std::thread::Builder::new().name(WAITING.into());
        let update = || store.update(binding("0.0.0.0:443", 2));
        let waiting = waiting.spawn_scoped(scope, update).unwrap();
        wait_until_it_has_slept(&waiting);
        assert_eq!(*fake.records(), [binding("0.0.0.0:443", 1)]);
        drop(lock);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(*fake.records(), [binding("0.0.0.0:443", 2)]);
}

/// While a scan reads, another program deletes a record that was read already, so that the next one
/// takes its index, and binds a key in its place. The end and all other indices answer as before.
#[test]
fn a_record_that_moves_is_not_missed() {
    const COUNT: u32 = 400;
    for moment in [0, 1, 3, 4, 5, 200, 201, 202, 203, 204, COUNT - 2] {
        let folder = tempfile::tempdir().unwrap();
        let fake = Fake::new();
        let key = |index| binding(&format!("0.0.0.0:{}", 1000 + 10 * index), 1);
        *fake.records() = (0..COUNT).map(key).collect();
        let store = open(&fake, folder.path());
        let mut is_over = false;
        fake.hook(move |call, after, records| {
            let is_read = matches!(call, Call::Next { token, .. } if token == moment);
            if is_read && after.is_some() && !is_over {
                is_over = true;
                let index = moment as usize;
                records.remove(index);
                records.insert(
                    index + 1,
                    binding(&format!("0.0.0.0:{}", 1015 + 10 * moment), 7),
                );
            }
            None
        });
        let found = store.scan(&Scan::all()).unwrap();
        let found: Vec<_> = found
            .map(|binding| binding.unwrap().key().clone())
            .collect();
        let moved = key(moment + 1).key().clone();
        assert!(found.contains(&moved), "moment {moment}: {moved} is missed");
        let truth: Vec<_> = fake
            .sorted()
            .iter()
            .map(|binding| binding.key().clone())
            .collect();
        assert_eq!(found, truth, "moment {moment}");
    }
}

//! A process that is killed at any call of a batch leaves all of it or nothing, once the store has
//! been opened again.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod fake;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use certbind_core::{Batch, Binding, BindingStore, Change, StoreError};
use fake::{Fake, binding, open};

/// One change of each kind, in an order in which neighbours differ.
fn batch() -> Batch {
    let respelled = binding("hostnameport=b.example:443", 9)
        .with_host_spelling("B.Example")
        .unwrap();
    Batch::new([
        Change::insert(binding("0.0.0.0:443", 1)),
        Change::update(binding("hostnameport=a.example:443", 2)),
        Change::remove("ccs=443".parse().unwrap()),
        Change::put(binding("scopedccs=a.example:443", 3)),
        Change::update(respelled),
        Change::put(binding("[::]:443", 4)),
    ])
    .unwrap()
}

fn before() -> Vec<Binding> {
    vec![
        binding("[::]:443", 100),
        binding("10.0.0.1:443", 101),
        binding("hostnameport=a.example:443", 102),
        binding("hostnameport=b.example:443", 103),
        binding("ccs=443", 104),
    ]
}

fn sorted(mut bindings: Vec<Binding>) -> Vec<Binding> {
    bindings.sort_by(|a, b| a.key().cmp(b.key()));
    bindings
}

/// Kills at call number `at`, before or after the call. Returns whether that call was reached.
fn kill_at(fake: &Arc<Fake>, at: usize, after_it_happened: bool, run: impl FnOnce()) -> bool {
    let mut n = 0;
    fake.hook(move |_, after, _| {
        if after.is_some() == after_it_happened {
            assert_ne!(n, at, "killed");
            n += 1;
        }
        None
    });
    let killed = catch_unwind(AssertUnwindSafe(run)).is_err();
    fake.unhook();
    killed
}

fn every_kill(make: fn() -> Arc<Fake>) {
    let mut kills = 0;
    for after_it_happened in [false, true] {
        for at in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let fake = make();
            *fake.records() = before();
            let store = open(&fake, folder.path());
            let killed = kill_at(&fake, at, after_it_happened, || {
                store.apply(&batch()).unwrap();
            });
            drop(store);
            let store = open(&fake, folder.path());
            if !killed {
                assert_ne!(fake.sorted(), sorted(before()), "the batch went through");
                assert_eq!(store.recovery().restored, []);
                break;
            }
            kills += 1;
            assert_eq!(fake.sorted(), sorted(before()), "killed at call {at}");
            assert_eq!(store.recovery().conflicts, []);
            store.apply(&batch()).unwrap();
        }
    }
    assert!(kills > 20, "only {kills} calls");
}

/// Whichever call of a batch a process dies at, the next open finds all of the batch or nothing.
#[test]
fn kill_at_any_call_is_atomic() {
    every_kill(Fake::new);
}

/// On a Windows without the update function, a record is replaced by deleting and setting it.
#[test]
fn kill_without_update_function_is_atomic() {
    every_kill(Fake::without_update);
}

/// The update function reports success and changes nothing.
#[test]
fn kill_with_inert_update_function_is_atomic() {
    every_kill(Fake::with_an_empty_update);
}

/// A second kill, at any call of the recovery, leaves nothing of the batch after the open that follows.
#[test]
fn kill_during_recovery_is_recovered() {
    for make in [Fake::new, Fake::without_update] {
        for at in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let fake = make();
            *fake.records() = before();
            let store = open(&fake, folder.path());
            // Killed after the last call: every change has to be undone.
            let calls = {
                fake.take_log();
                let other = make();
                *other.records() = before();
                let elsewhere = tempfile::tempdir().unwrap();
                let store = open(&other, elsewhere.path());
                other.take_log();
                store.apply(&batch()).unwrap();
                other.take_log().len()
            };
            assert!(kill_at(&fake, calls - 1, true, || {
                let _ = store.apply(&batch());
            }));
            drop(store);
            let killed = kill_at(&fake, at, false, || drop(open(&fake, folder.path())));
            let store = open(&fake, folder.path());
            assert_eq!(fake.sorted(), sorted(before()), "killed at call {at}");
            if !killed {
                break;
            }
            drop(store);
        }
    }
}

#[test]
fn a_store_whose_call_panicked_refuses_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    *fake.records() = before();
    let store = open(&fake, folder.path());
    assert!(kill_at(&fake, 9, true, || drop(store.apply(&batch()))));
    let key = "0.0.0.0:443".parse().unwrap();
    assert!(matches!(
        store.get(&key),
        Err(StoreError::Unavailable { .. })
    ));
    assert!(matches!(
        store.apply(&batch()),
        Err(StoreError::Unavailable { .. })
    ));
}

#[test]
fn a_batch_of_one_call_needs_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let journal = folder.path().join("journal/undo.journal");
    let new = journal.with_extension("journal.new");
    let (path, new_path) = (journal.clone(), new.clone());
    // Before the first update it is unknown whether an update replaces the whole record.
    store.insert(binding("0.0.0.0:444", 1)).unwrap();
    store.update(binding("0.0.0.0:444", 2)).unwrap();
    fake.hook(move |call, _, _| {
        assert!(!call.writes() || (!path.exists() && !new_path.exists()));
        None
    });
    store.insert(binding("0.0.0.0:443", 1)).unwrap();
    store.update(binding("0.0.0.0:443", 2)).unwrap();
    store.remove(&"0.0.0.0:443".parse().unwrap()).unwrap();
    let path = journal.clone();
    fake.hook(move |call, _, _| {
        assert!(!call.writes() || path.exists());
        None
    });
    let two = ["0.0.0.0:443", "[::]:443"].map(|key| Change::insert(binding(key, 1)));
    store.apply(&Batch::new(two).unwrap()).unwrap();
    assert!(!journal.exists() && !new.exists());
}

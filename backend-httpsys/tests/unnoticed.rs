//! Changes by other programs between two calls, which HTTP.sys cannot report, and their effects:
//! `docs/foreign-changes.md` warns of exactly this.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod fake;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use certbind_core::{Batch, Binding, BindingStore, Change, Scan, StoreError};
use certbind_httpapi_abi::win32;
use fake::{Call, Fake, binding, open};

const KEY: &str = "0.0.0.0:443";
const OTHER: &str = "[::]:443";

/// Has another program do this just before a call, once.
fn just_before(fake: &Fake, call: Call, act: impl Fn(&mut Vec<Binding>) + Send + 'static) {
    let mut done = false;
    fake.hook(move |made, after, records| {
        if made == call && after.is_none() && !done {
            done = true;
            act(records);
        }
        None
    });
}

/// A batch whose process is killed when the first call of this function has happened.
fn killed_behind(fake: &Arc<Fake>, folder: &Path, call: Call, batch: &Batch) {
    let store = open(fake, folder);
    fake.hook(move |made, after, _| {
        assert!(made != call || after.is_none(), "killed");
        None
    });
    let killed = catch_unwind(AssertUnwindSafe(|| store.apply(batch))).is_err();
    assert!(killed);
    fake.unhook();
}

fn two(changes: [Change; 2]) -> Batch {
    Batch::new(changes).unwrap()
}

#[test]
fn change_between_check_and_update_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    store.insert(binding(KEY, 1)).unwrap();
    just_before(&fake, Call::Update, |records| records[0] = binding(KEY, 7));
    store
        .compare_and_swap(
            &KEY.parse().unwrap(),
            Some(binding(KEY, 1)),
            Some(binding(KEY, 2)),
        )
        .unwrap();
    assert_eq!(*fake.records(), [binding(KEY, 2)]);
}

#[test]
fn change_between_check_and_deletion_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    store.insert(binding(KEY, 1)).unwrap();
    just_before(&fake, Call::Delete, |records| records[0] = binding(KEY, 7));
    assert_eq!(
        store.remove(&KEY.parse().unwrap()).unwrap(),
        binding(KEY, 1)
    );
    assert_eq!(*fake.records(), []);
}

#[test]
fn change_between_read_and_restoration_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    *fake.records() = vec![binding(KEY, 1)];
    let batch = two([KEY, OTHER].map(|key| Change::put(binding(key, 2))));
    killed_behind(&fake, folder.path(), Call::Update, &batch);
    just_before(&fake, Call::Update, |records| records[0] = binding(KEY, 7));
    let store = open(&fake, folder.path());
    assert_eq!(*fake.records(), [binding(KEY, 1)]);
    assert_eq!(store.recovery().conflicts, []);
}

/// The key is read again first.
#[test]
fn key_unbound_during_restoration_is_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    *fake.records() = vec![binding(KEY, 1)];
    let batch = two([KEY, OTHER].map(|key| Change::put(binding(key, 2))));
    killed_behind(&fake, folder.path(), Call::Update, &batch);
    just_before(&fake, Call::Update, Vec::clear);
    let store = open(&fake, folder.path());
    assert_eq!(*fake.records(), []);
    let [left] = &store.recovery().conflicts[..] else {
        panic!("{:?}", store.recovery());
    };
    assert_eq!((&left.before, &left.found), (&Some(binding(KEY, 1)), &None));
}

/// The recovery reports the race, and the next open continues.
#[test]
fn endless_race_of_a_recovery_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    *fake.records() = vec![binding(KEY, 1)];
    let batch = two([KEY, OTHER].map(|key| Change::put(binding(key, 2))));
    killed_behind(&fake, folder.path(), Call::Update, &batch);
    // Not bound whenever it is changed, and bound whenever it is looked at.
    fake.hook(|call, _, _| call.writes().then_some(win32::FILE_NOT_FOUND));
    let store = open(&fake, folder.path());
    let reason = fake::pending(&store);
    assert!(reason.contains(KEY), "{reason}");
    let error = store.remove(&KEY.parse().unwrap()).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    drop(store);
    fake.unhook();
    let store = open(&fake, folder.path());
    assert_eq!(*fake.records(), [binding(KEY, 1)]);
    assert_eq!(store.recovery().restored, [KEY.parse().unwrap()]);
}

/// Another program writes exactly the value of the batch; nothing distinguishes the two.
#[test]
fn identical_foreign_write_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let batch = two([KEY, OTHER].map(|key| Change::insert(binding(key, 2))));
    killed_behind(&fake, folder.path(), Call::Set, &batch);
    assert_eq!(
        *fake.records(),
        [binding(KEY, 2)],
        "killed behind the first"
    );
    fake.records().push(binding(OTHER, 2));
    let store = open(&fake, folder.path());
    assert_eq!(*fake.records(), []);
    assert_eq!(store.recovery().restored.len(), 2);
}

/// The key was replaced by deletion and setting, and another program deleted it afterwards.
#[test]
fn recovery_rebinds_a_key_unbound_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::without_update();
    *fake.records() = vec![binding(KEY, 1)];
    let batch = two([KEY, OTHER].map(|key| Change::put(binding(key, 2))));
    killed_behind(&fake, folder.path(), Call::Set, &batch);
    // As the batch itself has left it for a moment.
    fake.records().clear();
    let store = open(&fake, folder.path());
    assert_eq!(*fake.records(), [binding(KEY, 1)]);
    assert_eq!(store.recovery().restored, [KEY.parse().unwrap()]);
}

/// A store that alternates in step with the scan can show two bindings that never existed together.
#[test]
fn scan_may_mix_states_that_alternate() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let keys = ["ccs=443", "ccs=444"];
    *fake.records() = keys.map(|key| binding(key, 1)).to_vec();
    fake.hook(move |call, after, records| {
        if let (
            Call::Next {
                token: token @ 0..2,
                ..
            },
            None,
        ) = (call, after)
        {
            let asked = token as usize;
            records[asked] = binding(keys[asked], 2);
            records[1 - asked] = binding(keys[1 - asked], 1);
        }
        None
    });
    let scanned = store.scan(&Scan::all()).unwrap();
    let scanned: Vec<_> = scanned.map(Result::unwrap).collect();
    assert_eq!(scanned, keys.map(|key| binding(key, 2)));
    assert!(
        !store.capabilities().point_in_time_scan,
        "which is why it says so"
    );
}

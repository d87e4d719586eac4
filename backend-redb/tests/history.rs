//! The history of a store: the values that each commit replaced, and its author.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::time::{Duration, SystemTime};

use certbind_core::history::{Author, Before, Found, History, HistoryOptions, Origin, Unknown};
use certbind_core::{Batch, BindingStore, Change, MemoryStore, StoreError};
use certbind_redb::{RedbStore, Verification};
use common::disk::Disk;
use common::{
    IMAGES, batch, binding, config, contents, key, load, of_format_1, open, rewound, with_wal,
};
use proptest::prelude::*;

fn kept() -> HistoryOptions {
    HistoryOptions::default()
}

#[derive(Clone, Debug)]
enum Step {
    Apply(Batch),
    Load(Batch),
    /// Closes the store and opens it with a WAL after so many commits.
    Reopen(Option<u32>),
    /// The same, but the process is killed.
    Kill(Option<u32>),
}

fn step() -> impl Strategy<Value = Step> {
    let wal = || proptest::option::weighted(0.8, 0..3_u32);
    prop_oneof![
        8 => batch().prop_map(Step::Apply),
        2 => batch().prop_map(Step::Load),
        1 => wal().prop_map(Step::Reopen),
        1 => wal().prop_map(Step::Kill),
    ]
}

fn check(image: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    let builder = |wal: Option<u32>| {
        let builder = RedbStore::builder().wal_size(4096).history(kept());
        builder.wal_after_commits(wal)
    };
    let mut disk = Disk::of(&IMAGES[image]).opened_with(builder(Some(0)));
    let mut store = open(&disk).unwrap();
    let model = MemoryStore::new();
    for binding in contents(&store) {
        model.insert(binding).unwrap();
    }
    let mut states = vec![(store.revision(), contents(&model))];
    for step in steps {
        match step {
            Step::Apply(batch) => {
                prop_assert_eq!(store.apply(batch).is_ok(), model.apply(batch).is_ok());
            }
            Step::Load(batch) => {
                let fits = model.apply(batch).is_ok();
                prop_assert_eq!(load(&store, batch).is_ok(), fits);
            }
            Step::Reopen(wal) => {
                drop(store);
                store = open(&disk.clone().opened_with(builder(*wal))).unwrap();
            }
            Step::Kill(wal) => {
                disk = disk.after_power_cut(|_| 0).opened_with(builder(*wal));
                store = open(&disk).unwrap();
            }
        }
        if store.revision() > states.last().unwrap().0 {
            states.push((store.revision(), contents(&model)));
        }
        prop_assert!(store.check().unwrap().is_clean());
    }
    for (revision, expected) in &states {
        prop_assert_eq!(
            &rewound(&store, *revision).unwrap(),
            expected,
            "{}",
            revision
        );
    }
    let commits = store.commits().unwrap();
    prop_assert_eq!(commits.len(), states.len() - 1);
    // The same when it is read without writing, from a WAL as well.
    let killed = disk.after_power_cut(|_| 0);
    let reader = RedbStore::builder()
        .verification(Verification::PagesAsRead)
        .open_backend_with_wal(killed.clone(), killed.wal(), "the disk")
        .unwrap();
    prop_assert_eq!(reader.commits().unwrap(), commits);
    Ok(())
}

proptest! {
    #![proptest_config(config(150, concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/history.txt")))]

    #[test]
    fn every_earlier_state_is_known(image in 0..3_usize, steps in prop::collection::vec(step(), 1..20)) {
        check(image, &steps)?;
    }
}

#[test]
fn commit_has_its_author_and_time() {
    let author = Author {
        user: "ada".to_owned(),
        host: "web01".to_owned(),
        command: "certbind add".to_owned(),
        message: "é".repeat(600),
    };
    let options = HistoryOptions {
        author: author.clone(),
        ..kept()
    };
    for wal in [None, Some(0)] {
        let builder = RedbStore::builder().history(options.clone());
        let disk = Disk::of(&IMAGES[0]).opened_with(builder.wal_after_commits(wal));
        let before = SystemTime::now() - Duration::from_millis(1);
        let store = open(&disk).unwrap();
        for number in 0..3 {
            store.insert(binding(number, 1)).unwrap();
        }
        let killed = open(&disk.after_power_cut(|_| 0)).unwrap();
        for commit in killed.commits().unwrap() {
            assert!(before <= commit.time && commit.time <= SystemTime::now());
            let message = "é".repeat(500);
            assert_eq!(
                commit.author,
                Author {
                    message,
                    ..author.clone()
                }
            );
            assert_eq!(commit.changes, 1);
        }
    }
}

/// In the file and in the WAL, before and after a crash.
#[test]
fn recorded_commit_has_the_origin_of_its_change() {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let author = |user: &str| Author {
        user: user.to_owned(),
        host: "web01".to_owned(),
        ..Author::default()
    };
    let origins = [
        (author(""), Found::FirstLook),
        (author(""), Found::Since(at(500))),
        (author("ada"), Found::History),
    ];
    for wal in [None, Some(0)] {
        let builder = RedbStore::builder().history(kept());
        let disk = Disk::of(&IMAGES[0]).opened_with(builder.wal_after_commits(wal));
        let store = open(&disk).unwrap();
        for (number, (author, found)) in (0..).zip(&origins) {
            let batch = Change::put(binding(number, 1)).into();
            let origin = Origin {
                author: author.clone(),
                time: at(1000 + u64::from(number)),
                found: *found,
            };
            let applied = store.apply_from(&batch, &origin).unwrap();
            assert_eq!(applied.revision(), Some(store.revision()));
        }
        store.insert(binding(9, 1)).unwrap();
        for store in [open(&disk.after_power_cut(|_| 0)).unwrap(), store] {
            let commits = store.commits().unwrap();
            assert_eq!(commits[0].found, None);
            for (commit, (number, (author, found))) in
                commits[1..].iter().rev().zip((0_u64..).zip(&origins))
            {
                assert_eq!(commit.author, *author);
                assert_eq!(commit.found, Some(*found));
                assert_eq!(commit.time, at(1000 + number));
            }
            assert!(rewound(&store, commits[1].revision).is_ok());
        }
    }
}

#[test]
fn nothing_is_recorded_without_a_history() {
    let disk = Disk::of(&IMAGES[0]).opened_with(RedbStore::builder());
    let store = open(&disk).unwrap();
    let origin = Origin {
        author: Author::default(),
        time: SystemTime::UNIX_EPOCH,
        found: Found::FirstLook,
    };
    let before = store.revision();
    let refused = store.apply_from(&Change::put(binding(0, 1)).into(), &origin);
    assert!(matches!(refused, Err(StoreError::Unsupported { .. })));
    assert_eq!(store.revision(), before);
}

#[test]
fn oldest_commits_are_forgotten() {
    let limits = [
        HistoryOptions {
            max_commits: 3,
            ..kept()
        },
        HistoryOptions {
            max_bytes: 300,
            ..kept()
        },
    ];
    for options in limits {
        for wal in [None, Some(0)] {
            let builder = RedbStore::builder()
                .history(options.clone())
                .wal_after_commits(wal);
            let disk = Disk::of(&IMAGES[0]).opened_with(builder);
            let store = open(&disk).unwrap();
            for content in 0..9 {
                store.put(binding(1, content)).unwrap();
            }
            drop(store);
            let store = open(&disk).unwrap();
            let commits = store.commits().unwrap();
            assert!((1..=3).contains(&commits.len()), "{}", commits.len());
            let oldest = commits.last().unwrap().revision;
            assert_eq!(rewound(&store, oldest - 1).unwrap().len(), 1);
            assert_eq!(rewound(&store, 1), Err(Unknown::Missing(oldest - 1)));
        }
    }
}

#[test]
fn old_commits_are_forgotten_by_age() {
    let disk = Disk::of(&IMAGES[0]).opened_with(RedbStore::builder().history(kept()));
    let store = open(&disk).unwrap();
    store.insert(binding(1, 1)).unwrap();
    drop(store);
    std::thread::sleep(Duration::from_millis(20));
    let options = HistoryOptions {
        max_age: Some(Duration::from_millis(10)),
        ..kept()
    };
    let store = open(&disk.opened_with(RedbStore::builder().history(options))).unwrap();
    assert_eq!(store.commits().unwrap().len(), 1);
    store.insert(binding(2, 1)).unwrap();
    let revisions = |commits: Vec<certbind_core::history::Commit>| -> Vec<u64> {
        commits.into_iter().map(|commit| commit.revision).collect()
    };
    assert_eq!(revisions(store.commits().unwrap()), [2]);
}

#[test]
fn commits_without_history_are_a_gap() {
    let disk = Disk::of(&IMAGES[0]).opened_with(RedbStore::builder().history(kept()));
    open(&disk).unwrap().insert(binding(1, 1)).unwrap();
    let store = open(&disk.clone().opened_with(with_wal(0))).unwrap();
    store.insert(binding(2, 1)).unwrap();
    store.insert(binding(3, 1)).unwrap();
    assert_eq!(rewound(&store, 2), Err(Unknown::Missing(3)));
    drop(store);
    let store = open(&disk.opened_with(with_wal(0).history(kept()))).unwrap();
    store.insert(binding(4, 1)).unwrap();
    assert_eq!(rewound(&store, 3).unwrap().len(), 3);
    assert_eq!(rewound(&store, 1), Err(Unknown::Missing(3)));
}

#[test]
fn long_commit_is_recorded_without_replaced_values() {
    let options = HistoryOptions {
        max_bytes: 4_000,
        ..kept()
    };
    let disk = Disk::of(&IMAGES[1]).opened_with(RedbStore::builder().history(options));
    let store = open(&disk).unwrap();
    store.insert(binding(1, 1)).unwrap();
    let many = common::MANY.map(|number| Change::put(binding(number, 1)));
    let batch = Batch::new(many).unwrap();
    store.apply(&batch).unwrap();
    load(&store, &batch).unwrap();
    store.insert(binding(2, 1)).unwrap();
    let commits = store.commits().unwrap();
    let before: Vec<_> = commits
        .iter()
        .map(|commit| (commit.changes, &commit.before))
        .collect();
    let none = Before::Values(vec![(key(2), None)]);
    // The second run changes nothing.
    let nothing = Before::Values(Vec::new());
    assert_eq!(
        before[..3],
        [(1, &none), (0, &nothing), (300, &Before::TooLong)]
    );
    assert_eq!(rewound(&store, 3).unwrap().len(), 301);
    assert_eq!(rewound(&store, 1), Err(Unknown::TooLong(3)));
}

#[test]
fn bulk_load_of_empty_store_is_short() {
    let disk = Disk::of(&IMAGES[0]).opened_with(RedbStore::builder().history(kept()));
    let store = open(&disk).unwrap();
    let many = common::MANY.map(|number| Change::insert(binding(number, 1)));
    load(&store, &Batch::new(many).unwrap()).unwrap();
    let commits = store.commits().unwrap();
    assert_eq!(
        (commits[0].changes, &commits[0].before),
        (300, &Before::Empty)
    );
    assert_eq!(rewound(&store, 0).unwrap(), []);
}

#[test]
fn file_of_format_3_is_read_as_it_is() {
    let disk = Disk::of(&IMAGES[1]);
    let database = redb::Database::builder()
        .create_with_backend(disk.clone())
        .unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("meta");
    transaction
        .open_table(meta)
        .unwrap()
        .insert("format", &3_u32.to_le_bytes()[..])
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    let bytes = disk.bytes();
    for verification in [Verification::PagesAsRead, Verification::WholeFile] {
        let builder = RedbStore::builder().verification(verification);
        let store = builder
            .open_backend_read_only(disk.clone(), "the disk")
            .unwrap();
        assert_eq!(contents(&store).len(), 300);
        assert_eq!(store.commits().unwrap(), []);
    }
    assert!(disk.bytes() == bytes);
    let store = open(&disk.opened_with(RedbStore::builder().history(kept()))).unwrap();
    store.remove(&key(1000)).unwrap();
    assert_eq!(rewound(&store, 1).unwrap().len(), 300);
}

#[test]
fn format_1_gets_a_history() {
    let disk = Disk::of(&of_format_1([binding(1, 1)]));
    let store = open(&disk.opened_with(RedbStore::builder().history(kept()))).unwrap();
    store.put(binding(1, 2)).unwrap();
    assert_eq!(rewound(&store, 1).unwrap(), [binding(1, 1)]);
}

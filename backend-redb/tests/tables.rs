//! Tables of other programs in the file of a store: they are durable, atomic, and leave the
//! bindings unchanged.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use certbind_core::{BindingStore, Row, RowChange, RowPrecondition, StoreError, Tables};
use certbind_redb::{ReadMode, RedbStore};
use common::disk::{BROKEN, Disk, Operation, Plan};
use common::{Dice, IMAGES, MANY, READ_MODES, binding, contents, key, of_format_1, open, with_wal};
use redb::{Database, ReadableDatabase, TableDefinition};

fn put(number: u8) -> RowChange {
    RowChange::put("urls", &[number], &[number; 40])
}

fn row(number: u8) -> Row {
    (vec![number], vec![number; 40])
}

#[test]
fn table_rows_persist_without_a_revision() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(store.rows("urls").unwrap(), []);
    store.insert(binding(1, 1)).unwrap();
    assert!(store.write(&[put(2), put(1)]).unwrap());
    assert_eq!((store.revision(), contents(&store).len()), (1, 1));
    drop(store);

    let store = RedbStore::open_read_only(&path).unwrap();
    assert_eq!(store.rows("urls").unwrap(), [row(1), row(2)]);
    assert_eq!(store.rows("others").unwrap(), []);
    let refused = store.write(&[put(3)]).unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly), "{refused:?}");
    assert!(store.check().unwrap().is_clean());
    assert_eq!((store.revision(), contents(&store).len()), (1, 1));
}

#[test]
fn failed_row_precondition_undoes_all_rows() {
    let store = open(&Disk::default()).unwrap();
    assert!(store.write(&[put(1)]).unwrap());
    let changes = [
        RowChange::remove("urls", &[1]),
        RowChange::put("new", &[1], &[1]),
        put(2).with_precondition(RowPrecondition::Present),
    ];
    assert!(!store.write(&changes).unwrap());
    assert_eq!(store.rows("urls").unwrap(), [row(1)]);
    assert_eq!(store.rows("new").unwrap(), []);
    assert!(store.write(&changes[..2]).unwrap());
    assert_eq!(store.rows("urls").unwrap(), []);
    assert_eq!(store.rows("new").unwrap(), [(vec![1], vec![1])]);
    store.insert(binding(1, 1)).unwrap();
}

#[test]
fn table_writes_do_not_grow_the_file() {
    for (options, bound) in [
        (RedbStore::builder().wal_after_commits(None), 0),
        (RedbStore::builder(), 1),
        (with_wal(0), 3),
        (with_wal(0).read_mode(ReadMode::InMemory), 3),
    ] {
        let disk = Disk::default().opened_with(options);
        let store = open(&disk).unwrap();
        for number in 0..bound {
            store.insert(binding(number, 1)).unwrap();
        }
        let len_after = |writes: u8| {
            for number in 0..writes {
                assert!(store.write(&[put(number % 3)]).unwrap());
            }
            disk.bytes().len()
        };
        let before = len_after(20);
        assert_eq!(len_after(200), before);
        assert_eq!(contents(&store).len(), usize::from(bound));
    }
}

#[test]
fn format_1_upgrade_preserves_tables() {
    let disk = Disk::of(&of_format_1([binding(1, 1)]));
    let store = open(&disk).unwrap();
    assert!(store.write(&[put(1)]).unwrap());
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(store.rows("urls").unwrap(), [row(1)]);
    assert_eq!(contents(&store), [binding(1, 1)]);
}

#[test]
fn concurrent_row_and_binding_writers_lose_nothing() {
    for read_mode in READ_MODES {
        let disk = Disk::default().opened_with(RedbStore::builder().read_mode(read_mode));
        let store = open(&disk).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4_u8 {
                let store = &store;
                scope.spawn(move || {
                    for step in 0..20 {
                        let number = writer * 20 + step;
                        assert!(
                            store
                                .write(&[put(number).with_precondition(RowPrecondition::Absent)])
                                .unwrap()
                        );
                        store.insert(binding(number.into(), 1)).unwrap();
                    }
                });
            }
        });
        assert_eq!(contents(&store).len(), 80);
        let rows: Vec<_> = (0..80).map(row).collect();
        assert_eq!(store.rows("urls").unwrap(), rows);
        drop(store);
        assert_eq!(open(&disk).unwrap().rows("urls").unwrap(), rows);
    }
}

/// Disks with a store of many bindings, whose batches go to the file, and from the second on to a log.
fn disks() -> [Disk; 2] {
    [RedbStore::builder(), with_wal(2)].map(|options| Disk::of(&IMAGES[1]).opened_with(options))
}

/// The acknowledged writes, alternately of both kinds: none after the first failure.
fn run(disk: &Disk) -> (u64, Vec<Row>, Option<StoreError>) {
    let mut rows = Vec::new();
    let store = match open(disk) {
        Ok(store) => store,
        Err(error) => return (1, rows, Some(error)),
    };
    let mut failed = None;
    for number in 0..10_u8 {
        match store.write(&[put(number)]) {
            Ok(written) => {
                assert!(written && failed.is_none());
                rows.push(row(number));
            }
            Err(error) => failed = failed.or(Some(error)),
        }
        match store.insert(binding(number.into(), 1)) {
            Ok(()) => assert!(failed.is_none()),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    (store.revision(), rows, failed)
}

#[test]
fn acknowledged_rows_survive_failed_write() {
    for healthy in disks() {
        let as_it_was = healthy.copy();
        healthy.plan(Plan::Nothing);
        assert!(run(&healthy).2.is_none());
        let counts = healthy.counts();
        for (operation, total) in [
            (Operation::Write, counts.writes),
            (Operation::Sync, counts.syncs),
        ] {
            assert!(total > 20, "{total}");
            for after in 0..total {
                fails_once(&as_it_was.copy(), operation, after);
            }
        }
    }
}

fn fails_once(disk: &Disk, operation: Operation, after: u64) {
    disk.plan(Plan::Fail {
        operation,
        after,
        times: 1,
        half: after.is_multiple_of(2),
        code: BROKEN,
    });
    let (revision, rows, failed) = run(disk);
    if let Some(error) = failed {
        let said = error.to_string();
        assert!(matches!(error, StoreError::Io { .. }), "{after}: {said}");
    }
    disk.plan(Plan::Nothing);
    let mut dice = Dice(after);
    let cut = disk.after_power_cut(|many| dice.below(many));
    for left in [disk.copy(), cut] {
        let store = open(&left).unwrap();
        assert_eq!(store.rows("urls").unwrap(), rows, "{after}");
        assert_eq!(store.revision(), revision, "{after}");
        assert!(store.check().unwrap().is_clean());
    }
}

#[test]
fn concurrent_commits_have_their_own_outcomes() {
    for (disk, after) in (0..24).flat_map(|after| disks().map(|disk| (disk, after))) {
        let store = open(&disk).unwrap();
        disk.sync_takes(std::time::Duration::from_millis(1));
        disk.plan(Operation::Sync.fails_once(after, BROKEN));
        let (rows, bound) = std::thread::scope(|scope| {
            let rows = scope.spawn(|| (0..12).filter(|n| store.write(&[put(*n)]).is_ok()).count());
            let bound = scope.spawn(|| {
                let insert = |n: &u16| store.insert(binding(*n, 1)).is_ok();
                (0..12).filter(insert).count()
            });
            (rows.join().unwrap(), bound.join().unwrap())
        });
        drop(store);
        disk.plan(Plan::Nothing);
        for left in [disk.copy(), disk.after_power_cut(|_| 0)] {
            let store = open(&left).unwrap();
            assert_eq!(store.rows("urls").unwrap().len(), rows, "{after}");
            assert_eq!(contents(&store).len(), MANY.len() + bound, "{after}");
        }
    }
}

#[test]
fn row_changes_are_atomic_across_power_cut() {
    for healthy in disks() {
        let as_it_was = healthy.copy();
        healthy.plan(Plan::Nothing);
        run(&healthy);
        let counts = healthy.counts();
        for after in 0..counts.writes + counts.syncs {
            let disk = as_it_was.copy();
            disk.plan(Plan::PowerCut(after));
            let (revision, rows, _) = run(&disk);
            let mut dice = Dice(after);
            let left = disk.after_power_cut(|many| dice.below(many));
            let store = open(&left).unwrap();
            let found = store.rows("urls").unwrap();
            let in_flight = u8::try_from(rows.len()).unwrap();
            let with_it: Vec<_> = rows.iter().cloned().chain([row(in_flight)]).collect();
            assert!(found == rows || found == with_it, "{after}: {found:?}");
            let one_more = (revision..=revision + 1).contains(&store.revision());
            assert!(one_more, "{after}: {revision}, {}", store.revision());
            assert_eq!(
                store.get(&key(MANY.start)).unwrap(),
                Some(binding(MANY.start, 9))
            );
        }
    }
}

/// The file with a row whose value is these bytes, past the store.
fn with_value(bytes: &[u8]) -> Disk {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    store.insert(binding(1, 1)).unwrap();
    assert!(store.write(&[put(1)]).unwrap());
    drop(store);
    let database = Database::builder()
        .create_with_backend(disk.clone())
        .unwrap();
    let transaction = database.begin_write().unwrap();
    let urls: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("other/urls");
    let mut table = transaction.open_table(urls).unwrap();
    table.insert(&[1][..], bytes).unwrap();
    drop(table);
    transaction.commit().unwrap();
    drop(database);
    disk
}

#[test]
fn damaged_row_is_reported_by_check() {
    let mut other_key = vec![1; 41];
    let mut sum = crc32fast::Hasher::new();
    sum.update(&[2]);
    sum.update(&other_key);
    other_key.extend(sum.finalize().to_le_bytes());
    for bytes in [&[][..], &[1, 2, 3], &[0; 45], &other_key] {
        let store = open(&with_value(bytes)).unwrap();
        let error = store.rows("urls").unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert_eq!(contents(&store), [binding(1, 1)]);
        let report = store.check().unwrap();
        assert_eq!(
            (report.bindings, report.problems.len()),
            (1, 1),
            "{report:?}"
        );
        assert!(report.problems[0].contains("urls"), "{report:?}");
        // It can be repaired.
        assert!(store.write(&[put(1)]).unwrap());
        assert!(store.check().unwrap().is_clean());
    }
}

#[test]
fn row_value_matches_documentation() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = RedbStore::builder().open(&path).unwrap();
    let change = RowChange::put("timeout", &[0, 0, 0, 0], &120_u32.to_le_bytes());
    assert!(store.write(&[change]).unwrap());
    drop(store);
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_read().unwrap();
    let definition: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("other/timeout");
    let table = transaction.open_table(definition).unwrap();
    let found = table.get(&[0, 0, 0, 0][..]).unwrap().unwrap();
    let page = include_str!("../../docs/file-format.md");
    let (_, example) = page.split_once("```text\nrow of a timeout\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let bytes: Vec<u8> = example
        .lines()
        .flat_map(|line| line.split('|').next().unwrap().split_whitespace())
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect();
    assert_eq!(found.value(), bytes);
}

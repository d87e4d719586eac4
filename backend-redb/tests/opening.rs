//! The conditions for opening a file, and that a refused file stays unchanged.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use certbind_core::{Batch, BindingStore, Change, Scan, StoreError};
use certbind_redb::{FORMAT, RedbStore, Verification};
use common::disk::Disk;
use common::{IMAGES, binding};
use redb::{Database, StorageBackend, TableDefinition};
use tempfile::{TempDir, tempdir};

const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");

fn store_with(count: u16) -> (TempDir, std::path::PathBuf) {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = RedbStore::open(&path).unwrap();
    for number in 0..count {
        store.insert(binding(number, 1)).unwrap();
    }
    (directory, path)
}

fn set_meta(path: &Path, name: &str, value: &[u8]) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(META)
        .unwrap()
        .insert(name, value)
        .unwrap();
    transaction.commit().unwrap();
}

/// The errors of every way to open a file, which has to stay unchanged.
fn refusals(path: &Path) -> [StoreError; 3] {
    let before = fs::read(path).unwrap();
    let names = || fs::read_dir(path.parent().unwrap()).unwrap().count();
    let files = names();
    let errors = [
        RedbStore::open(path).unwrap_err(),
        RedbStore::open_existing(path).unwrap_err(),
        RedbStore::open_read_only(path).unwrap_err(),
    ];
    assert!(fs::read(path).unwrap() == before, "the file was written to");
    assert_eq!(names(), files, "something was left beside it");
    errors
}

#[track_caller]
fn assert_corrupt(errors: &[StoreError], expected: &str) {
    for error in errors {
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn new_store_is_empty_and_has_a_stable_id() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = RedbStore::open(&path).unwrap();
    let id = store.id();
    assert_eq!((store.revision(), store.path()), (0, &*path));
    assert_eq!(id.get_version_num(), 4);
    assert_eq!(store.scan(&Scan::all()).unwrap().count(), 0);
    drop(store);
    let ways: [fn(&Path) -> certbind_core::Result<RedbStore>; 3] = [
        |path| RedbStore::open(path),
        |path| RedbStore::open_existing(path),
        |path| RedbStore::open_read_only(path),
    ];
    for open in ways {
        let store = open(&path).unwrap();
        assert_eq!((store.id(), store.revision()), (id, 0));
    }
    let names: Vec<_> = fs::read_dir(&directory).unwrap().flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[cfg(unix)]
#[test]
fn new_store_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = store_with(0);
    let mode = fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn each_commit_raises_revision_by_one() {
    let (_directory, path) = store_with(3);
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(store.revision(), 3);
    assert!(store.insert(binding(0, 2)).is_err());
    assert_eq!(store.apply(&Batch::default()).unwrap().revision(), None);
    assert_eq!(store.revision(), 3);
    let applied = store.apply(&Change::put(binding(0, 2)).into()).unwrap();
    assert_eq!((applied.revision(), store.revision()), (Some(4), 4));
}

#[test]
fn read_only_store_refuses_changes() {
    let (_directory, path) = store_with(2);
    let before = fs::read(&path).unwrap();
    let store = RedbStore::open_read_only(&path).unwrap();
    assert!(!store.capabilities().writable);
    assert!(matches!(
        store.insert(binding(9, 1)),
        Err(StoreError::ReadOnly)
    ));
    assert_eq!(store.get(binding(1, 1).key()).unwrap(), Some(binding(1, 1)));
    assert_eq!(store.check().unwrap().bindings, 2);
    let another = RedbStore::open_read_only(&path).unwrap();
    assert_eq!(another.scan(&Scan::all()).unwrap().count(), 2);
    drop((store, another));
    assert!(fs::read(&path).unwrap() == before);
    assert!(RedbStore::open(&path).unwrap().capabilities().writable);
}

#[test]
fn newer_format_is_refused_by_number() {
    let (_directory, path) = store_with(2);
    set_meta(&path, "format", &(FORMAT + 1).to_le_bytes());
    for error in refusals(&path) {
        let StoreError::NewerFormat {
            found, supported, ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((found, supported), (FORMAT + 1, FORMAT));
    }
}

#[test]
fn newer_format_is_not_repaired() {
    let (_directory, path) = store_with(2);
    set_meta(&path, "format", &(FORMAT + 1).to_le_bytes());
    let database = Database::open(&path).unwrap();
    let crashed = fs::read(&path).unwrap();
    drop(database);
    fs::write(&path, crashed).unwrap();
    for error in refusals(&path) {
        assert!(matches!(error, StoreError::NewerFormat { .. }), "{error:?}");
    }
}

#[test]
fn read_only_repair_stays_in_memory() {
    let (_directory, path) = store_with(2);
    let store = RedbStore::open(&path).unwrap();
    store.insert(binding(7, 1)).unwrap();
    let crashed = fs::read(&path).unwrap();
    drop(store);
    fs::write(&path, &crashed).unwrap();

    let store = RedbStore::open_read_only(&path).unwrap();
    assert_eq!(
        (store.revision(), store.scan(&Scan::all()).unwrap().count()),
        (3, 3)
    );
    assert!(store.check().unwrap().is_clean());
    drop(store);
    assert!(fs::read(&path).unwrap() == crashed);

    let store = RedbStore::open_existing(&path).unwrap();
    assert_eq!(
        (store.revision(), store.scan(&Scan::all()).unwrap().count()),
        (3, 3)
    );
    store.insert(binding(8, 1)).unwrap();
}

#[test]
fn truncated_file_is_refused() {
    let (_directory, path) = store_with(200);
    let whole = fs::read(&path).unwrap();
    for length in [
        1,
        8,
        9,
        100,
        319,
        320,
        4095,
        4096,
        4097,
        8192,
        whole.len() / 2,
        whole.len() - 1,
    ] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_corrupt(&refusals(&path), "");
    }
}

#[test]
fn foreign_file_is_refused() {
    let (_directory, path) = store_with(0);
    fs::write(&path, "SSL Certificate bindings:\r\n").unwrap();
    assert_corrupt(&refusals(&path), "missing redb header");
}

#[test]
fn empty_file_is_refused() {
    let (_directory, path) = store_with(0);
    fs::write(&path, "").unwrap();
    assert_corrupt(&refusals(&path), "it is empty");
}

#[test]
fn foreign_redb_file_is_refused() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("other.redb");
    drop(Database::create(&path).unwrap());
    assert_corrupt(&refusals(&path), "\"meta\"");

    let other: TableDefinition<'static, u64, u64> = TableDefinition::new("meta");
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(other).unwrap().insert(1, 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert_corrupt(&refusals(&path), "another program");
}

#[test]
fn damaged_meta_entries_are_named() {
    for (name, value) in [
        ("format", &[0_u8; 4][..]),
        ("format", &[1]),
        ("id", &[1; 15]),
        ("revision", b""),
    ] {
        let (_directory, path) = store_with(1);
        set_meta(&path, name, value);
        assert_corrupt(&refusals(&path), name);
    }
}

#[test]
fn last_revision_is_refused_without_panic() {
    let (_directory, path) = store_with(1);
    set_meta(&path, "revision", &u64::MAX.to_le_bytes());
    let store = RedbStore::open(&path).unwrap();
    assert_corrupt(&[store.insert(binding(5, 1)).unwrap_err()], "revision");
    assert_eq!(store.get(binding(5, 1).key()).unwrap(), None);
}

#[test]
fn missing_file_is_reported() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    for error in [
        RedbStore::open_existing(&path).unwrap_err(),
        RedbStore::open_read_only(&path).unwrap_err(),
    ] {
        assert!(error.to_string().contains("cannot open"), "{error}");
        assert!(error.to_string().contains("bindings.redb"), "{error}");
    }
    let nowhere = directory.path().join("missing").join("bindings.redb");
    let error = RedbStore::open(nowhere).unwrap_err().to_string();
    assert!(error.contains("cannot find the directory"), "{error}");
    assert!(error.contains("missing: "), "{error}");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}

#[test]
fn directory_is_refused() {
    let directory = tempdir().unwrap();
    for error in [
        RedbStore::open(&directory).unwrap_err(),
        RedbStore::open_read_only(&directory).unwrap_err(),
    ] {
        assert_corrupt(&[error], "a directory");
    }
}

#[cfg(unix)]
#[test]
fn pipe_is_refused_without_blocking() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    assert_corrupt(&[RedbStore::open(&path).unwrap_err()], "not a regular file");
}

#[test]
fn second_open_in_process_is_refused() {
    let (_directory, path) = store_with(1);
    let store = Arc::new(RedbStore::open(&path).unwrap());
    for error in [
        RedbStore::open(&path).unwrap_err(),
        RedbStore::open_read_only(&path).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
        if cfg!(target_os = "linux") {
            assert!(error.to_string().contains("this process"), "{error}");
        }
    }
    store.insert(binding(2, 1)).unwrap();
    drop(store);
    let reader = RedbStore::open_read_only(&path).unwrap();
    let error = RedbStore::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    drop(reader);
    assert_eq!(RedbStore::open(&path).unwrap().revision(), 2);
}

#[test]
fn concurrent_creation_makes_one_store() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let path = &path;
            scope.spawn(move || {
                loop {
                    match RedbStore::open(path) {
                        Ok(store) => return store.insert(binding(number, 1)).unwrap(),
                        Err(StoreError::InUse { .. }) => std::thread::yield_now(),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    let store = RedbStore::open_read_only(&path).unwrap();
    assert_eq!(
        (store.revision(), store.scan(&Scan::all()).unwrap().count()),
        (8, 8)
    );
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
}

#[test]
fn header_only_verification_still_checks_file_kind() {
    let (_directory, path) = store_with(3);
    let options = RedbStore::builder()
        .verification(Verification::HeaderOnly)
        .cache_size(1 << 20);
    assert_eq!(options.open(&path).unwrap().revision(), 3);
    assert_eq!(options.open_read_only(&path).unwrap().revision(), 3);
    set_meta(&path, "format", &(FORMAT + 1).to_le_bytes());
    for error in [
        options.open(&path).unwrap_err(),
        options.open_read_only(&path).unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::NewerFormat { .. }), "{error:?}");
    }
}

/// A disk whose header differs at the `nth` read, as for a redb that stores it elsewhere.
#[derive(Debug)]
struct OtherHeader {
    disk: Disk,
    nth: AtomicUsize,
}

impl StorageBackend for OtherHeader {
    fn len(&self) -> std::io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.disk.read(offset, out)?;
        if offset == 0 && out.len() >= 320 && self.nth.fetch_sub(1, Ordering::Relaxed) == 1 {
            out.copy_within(64..256, 128);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.disk.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        self.disk.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.disk.write(offset, data)
    }
}

/// Rolling a commit back restores redb's header, so a file is opened only if the header is where it
/// is expected.
#[test]
fn header_of_another_format_is_refused() {
    let mut refused = 0;
    for nth in 1..6 {
        let disk = Disk::of(&IMAGES[1]);
        let backend = OtherHeader {
            disk: disk.clone(),
            nth: AtomicUsize::new(nth),
        };
        match RedbStore::builder().open_backend(backend, "the disk") {
            Ok(_) | Err(StoreError::Corrupt { .. }) => {}
            Err(error @ StoreError::Unsupported { .. }) => {
                let error = error.to_string();
                assert!(error.contains("the header of the disk"), "{error}");
                assert_eq!(disk.bytes(), IMAGES[1], "it was written to");
                refused += 1;
            }
            Err(error) => panic!("{nth}: {error:?}"),
        }
    }
    assert_eq!(refused, 1);
}

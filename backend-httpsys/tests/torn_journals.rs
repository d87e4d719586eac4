//! Journals that are cut short, damaged, finished, or of another time.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod fake;

use std::fs;
#[cfg(unix)]
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(unix)]
use std::sync::OnceLock;

use certbind_core::{Batch, Binding, BindingStore, Change, Scan, StoreError};
use fake::{Call, Fake, binding, open, pending};

fn journal(folder: &Path) -> PathBuf {
    folder.join("journal/undo.journal")
}

/// A store killed after the last call of a batch, and its journal.
fn killed(folder: &Path) -> (Arc<Fake>, Vec<u8>, Vec<Binding>) {
    let fake = Fake::new();
    let before = vec![
        binding("0.0.0.0:443", 1),
        binding("hostnameport=a.example:443", 1),
    ];
    *fake.records() = before.clone();
    let store = open(&fake, folder);
    fake.hook(|call, after, _| {
        assert!(call != Call::Delete || after.is_none(), "killed");
        None
    });
    let batch = Batch::new([
        Change::update(binding("0.0.0.0:443", 2)),
        Change::insert(binding("[::]:443", 2)),
        Change::remove("hostnameport=a.example:443".parse().unwrap()),
    ]);
    let batch = batch.unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| store.apply(&batch))).is_err());
    fake.unhook();
    let bytes = fs::read(journal(folder)).unwrap();
    (fake, bytes, before)
}

/// Why a change is refused. Reading is not.
fn refusal(fake: &Arc<Fake>, folder: &Path) -> StoreError {
    let store = open(fake, folder);
    pending(&store);
    let found = store.scan(&Scan::all()).unwrap();
    let found: Vec<_> = found.map(Result::unwrap).collect();
    assert_eq!(found, fake.sorted());
    store.insert(binding("ccs=443", 1)).unwrap_err()
}

#[test]
fn unfinished_journal_means_no_call_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let (fake, bytes, _) = killed(folder.path());
    fs::remove_file(journal(folder.path())).unwrap();
    let after = fake.sorted();
    for length in 0..=bytes.len() {
        let new = journal(folder.path()).with_extension("journal.new");
        fs::write(&new, &bytes[..length]).unwrap();
        let store = open(&fake, folder.path());
        assert_eq!(fake.sorted(), after, "{length} bytes");
        assert_eq!(store.recovery(), Default::default());
        store.insert(binding("ccs=443", 1)).unwrap();
        let two = [
            Change::remove("ccs=443".parse().unwrap()),
            Change::insert(binding("ccs=444", 1)),
        ];
        store.apply(&Batch::new(two).unwrap()).unwrap();
        store.remove(&"ccs=444".parse().unwrap()).unwrap();
    }
}

/// A journal gets its name when it is complete, so that a short one under that name is damage.
#[test]
fn truncated_journal_is_reported_as_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (fake, bytes, _) = killed(folder.path());
    let found = fake.sorted();
    for length in 1..bytes.len() {
        fs::write(journal(folder.path()), &bytes[..length]).unwrap();
        let error = refusal(&fake, folder.path());
        assert!(
            matches!(error, StoreError::Corrupt { .. }),
            "{length} bytes: {error}"
        );
        assert!(error.to_string().contains("undo.journal"), "{error}");
    }
    assert_eq!(fake.sorted(), found);
}

#[test]
fn a_journal_with_any_bit_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (fake, bytes, before) = killed(folder.path());
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(journal(folder.path()), &damaged).unwrap();
        let error = refusal(&fake, folder.path());
        let refused = matches!(
            error,
            StoreError::Corrupt { .. } | StoreError::NewerFormat { .. }
        );
        assert!(refused, "bit {bit}: {error}");
    }
    fs::write(journal(folder.path()), &bytes).unwrap();
    open(&fake, folder.path());
    assert_eq!(fake.sorted(), before);
}

#[test]
fn empty_journal_marks_a_complete_batch() {
    let folder = tempfile::tempdir().unwrap();
    let (fake, _, _) = killed(folder.path());
    let after = fake.sorted();
    fs::write(journal(folder.path()), b"").unwrap();
    let store = open(&fake, folder.path());
    assert_eq!(fake.sorted(), after);
    assert_eq!(store.recovery(), Default::default());
}

#[test]
fn a_journal_of_a_newer_format_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (fake, mut bytes, _) = killed(folder.path());
    bytes[8] = 4;
    fs::write(journal(folder.path()), &bytes).unwrap();
    let error = refusal(&fake, folder.path());
    let StoreError::NewerFormat {
        found: 4,
        supported: 3,
        ..
    } = error
    else {
        panic!("{error}");
    };
}

#[test]
fn reading_leaves_no_trace_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    assert_eq!(store.get(&"0.0.0.0:443".parse().unwrap()).unwrap(), None);
    assert_eq!(store.scan(&Scan::all()).unwrap().count(), 0);
    store.apply(&Batch::default()).unwrap();
    drop(store);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn the_folder_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    open(&Fake::new(), folder.path())
        .insert(binding("0.0.0.0:443", 1))
        .unwrap();
    let mode = fs::metadata(folder.path().join("journal"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn unwritable_journal_prevents_every_call() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    // A folder occupies the path of the journal.
    fs::create_dir_all(journal(folder.path()).with_extension("journal.new")).unwrap();
    let two = ["0.0.0.0:443", "[::]:443"].map(|key| Change::insert(binding(key, 1)));
    let error = store.apply(&Batch::new(two).unwrap()).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    assert_eq!(*fake.records(), []);
}

#[test]
fn a_batch_whose_journal_cannot_be_finished_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let path = journal(folder.path());
    let mut sets = 0;
    fake.hook(move |call, after, _| {
        sets += usize::from(call == Call::Set && after.is_some());
        if sets == 2 {
            // Once the last call is made, a folder takes the journal's place.
            sets = 3;
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
        }
        None
    });
    let two = ["0.0.0.0:443", "[::]:443"].map(|key| Change::insert(binding(key, 1)));
    let error = store.apply(&Batch::new(two).unwrap()).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    assert_eq!(*fake.records(), []);
}

/// A power cut undoes the removal of a finished journal; the journal is still finished.
#[cfg(unix)]
#[test]
fn power_cut_may_restore_a_finished_journal() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let path = journal(folder.path());
    // A removed file can be read as long as it is open.
    let opened = Arc::new(OnceLock::new());
    let kept = Arc::clone(&opened);
    fake.hook(move |call, _, _| {
        if call == Call::Set {
            kept.get_or_init(|| fs::File::open(&path).unwrap());
        }
        None
    });
    let two = ["0.0.0.0:443", "[::]:443"].map(|key| Change::insert(binding(key, 1)));
    store.apply(&Batch::new(two).unwrap()).unwrap();
    drop(store);
    assert!(!journal(folder.path()).exists());
    let mut finished = Vec::new();
    let mut kept = opened.get().unwrap();
    kept.read_to_end(&mut finished).unwrap();
    fs::write(journal(folder.path()), finished).unwrap();
    let store = open(&fake, folder.path());
    assert_eq!(store.recovery(), Default::default());
    assert_eq!(fake.records().len(), 2);
}

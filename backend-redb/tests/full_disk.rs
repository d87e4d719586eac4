//! A disk that is really full: a small file system of the test's own, in memory and on a loop
//! device. It needs the right to mount. Without it the test is reported as skipped; in CI, as root,
//! that is an error.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use certbind_core::{Batch, BindingStore, Change, MemoryStore, StoreError};
use certbind_redb::RedbStore;
use certbind_test_support::{report_skipped, skip};
use common::{binding, contents};
use tempfile::TempDir;

/// How large a file system is, in bytes.
const SIZE: u64 = 8 << 20;

/// A file system that is removed when it is dropped.
struct Small {
    folder: TempDir,
}

impl Small {
    fn in_memory() -> Option<Self> {
        let options = format!("size={SIZE}");
        Self::mount(&["-t", "tmpfs", "-o", &options, "tmpfs"])
    }

    /// ext4 with a journal, in a file.
    fn on_a_loop_device(image: &Path) -> Option<Self> {
        File::create(image).unwrap().set_len(SIZE).unwrap();
        run(Command::new("mkfs.ext4").arg("-q").arg(image))?;
        Self::mount(&["-o", "loop", image.to_str().unwrap()])
    }

    fn mount(arguments: &[&str]) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        run(Command::new("mount").args(arguments).arg(folder.path()))?;
        Some(Self { folder })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bindings.redb")
    }

    /// Takes all the room that is left but for so many bytes, until the ballast is thrown out.
    fn ballast(&self, name: &str, but: u64) -> PathBuf {
        let path = self.folder.path().join(name);
        let mut ballast = File::create(&path).unwrap();
        let mut written = 0;
        while let Ok(more) = ballast.write(&[0; 4096]) {
            written += more as u64;
        }
        // ext4 finds out late.
        let _ = ballast.sync_all();
        ballast.set_len(written.saturating_sub(but)).unwrap();
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.folder.path())
            .status();
    }
}

/// Runs a command. Where it is not permitted, the test is reported as skipped; in CI as root it fails.
fn run(command: &mut Command) -> Option<()> {
    let refused = match command.output() {
        Ok(done) if done.status.success() => return Some(()),
        Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let reason = format!("a full disk: {command:?}: {refused}");
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    match is_root {
        true => skip(&reason),
        false => report_skipped(&reason),
    }
    None
}

/// Runs a test on both.
fn on_small_disks(test: fn(&Small)) {
    let folder = TempDir::new().unwrap();
    let image = folder.path().join("image");
    let disks = [Small::in_memory(), Small::on_a_loop_device(&image)];
    disks.iter().flatten().for_each(test);
}

fn assert_says_full(error: &StoreError) {
    let StoreError::Io { source, path, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(source.kind(), ErrorKind::StorageFull, "{error}");
    assert!(path.is_some(), "{error}");
    assert!(
        error.to_string().contains("No space left on device"),
        "{error}"
    );
}

#[test]
fn full_file_system_is_reported_and_recovered_from() {
    on_small_disks(|disk| {
        let store = RedbStore::open(disk.path()).unwrap();
        let model = MemoryStore::new();
        store.insert(binding(0, 1)).unwrap();
        model.insert(binding(0, 1)).unwrap();
        let ballast = disk.ballast("ballast", 1 << 20);
        let mut error = None;
        for start in (1..60_000).step_by(100) {
            let batch = Batch::new((start..start + 100).map(|n| Change::put(binding(n, 2))));
            let batch = batch.unwrap();
            match store.apply(&batch) {
                Ok(_) => drop(model.apply(&batch).unwrap()),
                Err(full) => {
                    error = Some(full);
                    break;
                }
            }
        }
        assert_says_full(&error.expect("the disk has a megabyte left"));
        assert_eq!(contents(&store), contents(&model), "reads go on");
        let refused = store.insert(binding(65_000, 1)).unwrap_err();
        assert!(
            matches!(refused, StoreError::Unavailable { .. }),
            "{refused}"
        );
        let refused = store.check().unwrap_err();
        assert!(refused.to_string().contains("No space left"), "{refused}");
        drop(store);

        // The disk is as full as before, to the last byte. Acknowledged batches can be read and
        // checked, and the store refuses another batch as it refused the first.
        drop(disk.ballast("more", 0));
        let audited = RedbStore::open_read_only(disk.path()).unwrap();
        assert_eq!(contents(&audited), contents(&model));
        assert!(audited.check().unwrap().is_clean());
        drop(audited);
        for _ in 0..2 {
            let store = RedbStore::open(disk.path()).unwrap();
            assert_eq!(contents(&store), contents(&model));
            assert!(store.check().unwrap().is_clean());
            let batch = Batch::new((1..20_000).map(|n| Change::put(binding(n, 3)))).unwrap();
            assert_says_full(&store.apply(&batch).unwrap_err());
            assert_eq!(contents(&store), contents(&model));
        }

        std::fs::remove_file(ballast).unwrap();
        let store = RedbStore::open(disk.path()).unwrap();
        assert_eq!(contents(&store), contents(&model));
        store.insert(binding(65_000, 1)).unwrap();
        assert!(store.check().unwrap().is_clean());
    });
}

#[test]
fn store_without_room_leaves_no_file() {
    on_small_disks(|disk| {
        let ballast = disk.ballast("ballast", 4096);
        assert_says_full(&RedbStore::open(disk.path()).unwrap_err());
        let left: Vec<_> = std::fs::read_dir(disk.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !["ballast", "lost+found"].contains(&&**name))
            .collect();
        assert_eq!(left, Vec::<String>::new());
        std::fs::remove_file(ballast).unwrap();
        RedbStore::open(disk.path())
            .unwrap()
            .insert(binding(1, 1))
            .unwrap();
    });
}

//! Files of every format, written by the last build of each and kept in `tests/files`: closed, left
//! by a killed process, and left by a power failure during an upgrade.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use certbind_core::{Binding, BindingStore, CertHash, Record, Uuid};
use certbind_redb::{FORMAT, RedbStore, Verification};
use common::crashed::wal_of;
use common::disk::Disk;
use common::{META, READ_MODES, contents};
use flate2::read::GzDecoder;
use redb::ReadableDatabase;
use tempfile::tempdir;

/// The states in which each format is kept, with the number of bindings that were inserted before the
/// first three were removed.
const STATES: [(&str, u8); 3] = [("closed", 40), ("killed", 40), ("killed-many", 90)];

/// One of the bindings that each file was made with.
fn binding(number: u8) -> Binding {
    let hash = CertHash::new([number; 20]);
    let mut record = Record::new(hash, None, Uuid::from_u128(number.into()));
    record.url_retrieval_timeout = u32::from(number) * 1000;
    record.revocation_freshness_time = number.into();
    if number.is_multiple_of(2) {
        record.ctl_store_name = Some("AdfsTrustedDevices".parse().unwrap());
    }
    let key = match number % 5 {
        0 => format!("ipport=10.0.0.{number}:443"),
        1 => format!("ipport=[2001:db8::{number:x}]:8443"),
        2 => format!("hostnameport=site{number}.contoso.com:443"),
        3 => format!("ccs={}", 1000 + u16::from(number)),
        _ => format!("scopedccs=site{number}.contoso.com:443"),
    };
    if number % 5 > 2 {
        record.certificate = None;
    }
    Binding::new(key.parse().unwrap(), record).unwrap()
}

fn expected(count: u8) -> Vec<Binding> {
    let mut bindings: Vec<_> = (3..count).map(binding).collect();
    bindings.sort_by(|a, b| a.key().cmp(b.key()));
    bindings
}

fn kept(name: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let file = fs::File::open(folder.join(format!("{name}.gz"))).ok()?;
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

/// Unpacks a file, and its WAL if it has one.
fn unpack(name: &str, folder: &Path) -> PathBuf {
    let path = folder.join("bindings.redb");
    fs::write(&path, kept(name).unwrap_or_else(|| panic!("{name}"))).unwrap();
    if let Some(wal) = kept(&format!("{name}-log")) {
        fs::write(wal_of(&path), wal).unwrap();
    }
    path
}

/// Every format in every state, and the interrupted upgrades: format, name and number of bindings.
fn files() -> Vec<(u32, String, u8)> {
    let mut files = Vec::new();
    for format in 1..=FORMAT {
        let upgrade = (format < FORMAT).then_some(("upgrade", 40));
        for (state, count) in STATES.into_iter().chain(upgrade) {
            files.push((format, format!("format-{format}-{state}.redb"), count));
        }
    }
    files
}

/// The format that a file is in, read without this crate. redb repairs a copy in memory.
fn format(name: &str) -> u32 {
    let disk = Disk::of(&kept(name).unwrap_or_else(|| panic!("{name}")));
    let database = redb::Database::builder().create_with_backend(disk).unwrap();
    let meta = database.begin_read().unwrap().open_table(META).unwrap();
    let format = meta.get("format").unwrap().unwrap();
    u32::from_le_bytes(format.value().try_into().unwrap())
}

/// Also after an interrupted upgrade, which is one transaction.
#[test]
fn each_kept_file_is_in_its_format() {
    for (expected, name, _) in files() {
        assert_eq!(format(&name), expected, "{name}");
        let has_wal = name.contains("killed-many") && expected >= 3;
        assert_eq!(kept(&format!("{name}-log")).is_some(), has_wal, "{name}");
    }
}

#[test]
fn files_of_every_format_are_read_as_they_are() {
    for (_, name, count) in files() {
        for mode in READ_MODES {
            for verification in [Verification::WholeFile, Verification::PagesAsRead] {
                let folder = tempdir().unwrap();
                let path = unpack(&name, folder.path());
                let files = [path.clone(), wal_of(&path)];
                let before = files.each_ref().map(|file| fs::read(file).ok());
                let builder = RedbStore::builder().verification(verification);
                let store = builder.read_mode(mode).open_read_only(&path).unwrap();
                assert_eq!(contents(&store), expected(count), "{name}");
                assert_eq!(store.revision(), u64::from(count) + 3, "{name}");
                drop(store);
                let after = files.map(|file| fs::read(file).ok());
                assert!(after == before, "{name} has changed");
            }
        }
    }
}

#[test]
fn files_of_every_format_are_upgraded_and_written() {
    for (_, name, count) in files() {
        let folder = tempdir().unwrap();
        let path = unpack(&name, folder.path());
        let store = RedbStore::open_existing(&path).unwrap();
        assert_eq!(contents(&store), expected(count), "{name}");
        let report = store.check().unwrap();
        assert!(report.is_clean(), "{name}: {report:?}");
        store.insert(binding(0)).unwrap();
        store.remove(binding(4).key()).unwrap();
        store.close().unwrap();
        let store = RedbStore::open_read_only(&path).unwrap();
        let mut changed = expected(count);
        changed.retain(|kept| *kept != binding(4));
        changed.push(binding(0));
        changed.sort_by(|a, b| a.key().cmp(b.key()));
        assert_eq!(contents(&store), changed, "{name}");
        assert_eq!(store.revision(), u64::from(count) + 5, "{name}");
    }
}

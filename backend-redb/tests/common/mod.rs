//! Helpers that the tests of this crate share.

#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod broken_disk;
pub(crate) mod crashed;
pub(crate) mod disk;
pub(crate) mod opening;

use std::net::IpAddr;
use std::path::Path;
use std::sync::LazyLock;

use certbind_core::codec::{encode_binding, encode_key};
use certbind_core::history::{History, Unknown, rewind};
use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, CertHash, Change, Precondition, Record, Result, Scan,
    Uuid,
};
use certbind_redb::{ReadMode, RedbBuilder, RedbStore};
use disk::Disk;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use redb::TableDefinition;

/// A binding whose key and record are determined by two numbers.
pub(crate) fn binding(number: u16, content: u8) -> Binding {
    let mut record = Record::new(CertHash::new([content; 20]), None, Uuid::from_u128(7));
    record.url_retrieval_timeout = u32::from(content);
    Binding::new(key(number), record).expect("an ipport binding with a certificate")
}

/// The key of [`binding`].
pub(crate) fn key(number: u16) -> BindingKey {
    let [high, low] = number.to_be_bytes();
    format!("10.0.{high}.{low}:443").parse().expect("a key")
}

/// The number of a [`binding`].
pub(crate) fn number(binding: &Binding) -> u16 {
    match binding.key() {
        BindingKey::IpPort(endpoint) => match endpoint.ip() {
            IpAddr::V4(ip) => u16::from_be_bytes([ip.octets()[2], ip.octets()[3]]),
            IpAddr::V6(ip) => panic!("{ip} is no address of these tests"),
        },
        key => panic!("{key} is no key of these tests"),
    }
}

/// Any batch over a few keys, whose preconditions are met or not.
pub(crate) fn batch() -> impl Strategy<Value = Batch> {
    let change = (
        0..12_u16,
        0..4_u8,
        0..3_u8,
        proptest::option::weighted(0.7, 0..3_u8),
    );
    proptest::collection::vec(change, 1..5).prop_map(|changes| {
        let mut changes: Vec<_> = changes
            .into_iter()
            .map(|(number, expect, content, becomes)| {
                let expect = match expect {
                    0 => Precondition::Absent,
                    1 => Precondition::Present,
                    2 => Precondition::Exactly(Box::new(binding(number, content))),
                    _ => Precondition::Any,
                };
                let becomes = becomes.map(|content| binding(number, content));
                Change::new(key(number), expect, becomes).expect("one key")
            })
            .collect();
        let mut seen = std::collections::HashSet::new();
        changes.retain(|change| seen.insert(change.key().clone()));
        Batch::new(changes).expect("each key once")
    })
}

/// With a log from so many commits on, which a handful of them fill.
pub(crate) fn with_wal(after: u32) -> RedbBuilder {
    RedbStore::builder().wal_after_commits(after).wal_size(4096)
}

/// Every read mode.
pub(crate) const READ_MODES: [ReadMode; 2] = [ReadMode::FromFile, ReadMode::InMemory];

/// Opens the store on a disk.
pub(crate) fn open(disk: &Disk) -> Result<RedbStore> {
    let options = disk.options();
    options.open_backend_with_wal(disk.clone(), disk.wal(), "the disk")
}

/// Loads the changes of a batch, and gives the store's revision.
pub(crate) fn load(store: &RedbStore, batch: &Batch) -> Result<Option<u64>> {
    let mut changes = batch.changes().to_vec();
    changes.sort_by(|a, b| a.key().cmp(b.key()));
    let count = changes.len() as u64;
    let loaded = store.bulk_load(&mut changes.into_iter().map(Ok))?;
    assert_eq!(loaded, count);
    Ok(Some(store.revision()))
}

/// All bindings of a store.
pub(crate) fn contents(store: &dyn BindingStore) -> Vec<Binding> {
    let bindings = store.scan(&Scan::all()).expect("a scan starts");
    bindings.collect::<Result<_>>().expect("a scan ends well")
}

/// The contents of a store at an earlier revision, computed from its history.
pub(crate) fn rewound(
    store: &RedbStore,
    revision: u64,
) -> std::result::Result<Vec<Binding>, Unknown> {
    let commits = store.commits().expect("an intact history");
    let bindings = contents(store).into_iter();
    let mut bindings = bindings.map(|it| (it.key().clone(), it)).collect();
    rewind(&mut bindings, &commits, store.revision(), revision)?;
    Ok(bindings.into_values().collect())
}

/// The bytes of an empty store, of one with [`MANY`], which has branches, and of one with the same in
/// format 1: all of them closed.
pub(crate) static IMAGES: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let [none, many] = [0, 300].map(|count| {
        let disk = Disk::default();
        let store = open(&disk).expect("a new store");
        if count > 0 {
            let changes = MANY.map(|number| Change::insert(binding(number, 9)));
            store
                .apply(&Batch::new(changes).expect("each key once"))
                .expect("a healthy disk");
        }
        drop(store);
        disk.bytes()
    });
    [
        none,
        many,
        of_format_1(MANY.map(|number| binding(number, 9))),
    ]
});

/// The numbers of the bindings in the larger [`IMAGES`], whose revision is 1.
pub(crate) const MANY: std::ops::Range<u16> = 1000..1300;

/// A file of the format before there were blocks, with its revision at 1.
pub(crate) fn of_format_1(bindings: impl IntoIterator<Item = Binding>) -> Vec<u8> {
    let make = |disk: Disk| -> std::result::Result<(), redb::Error> {
        let database = redb::Database::builder().create_with_backend(disk)?;
        let transaction = database.begin_write()?;
        {
            let mut meta = transaction.open_table(META)?;
            meta.insert("format", &1_u32.to_le_bytes()[..])?;
            meta.insert("id", &[7; 16][..])?;
            meta.insert("revision", &1_u64.to_le_bytes()[..])?;
            let mut table = transaction.open_table(BINDINGS_OF_FORMAT_1)?;
            for binding in bindings {
                let (key, value) = (encode_key(binding.key()), encode_binding(&binding));
                table.insert(key.as_slice(), value.as_slice())?;
            }
        }
        Ok(transaction.commit()?)
    };
    let disk = Disk::default();
    make(disk.clone()).expect("a healthy disk");
    disk.bytes()
}

pub(crate) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
pub(crate) const BLOCKS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("runs");
pub(crate) const BINDINGS_OF_FORMAT_1: TableDefinition<'static, &[u8], &[u8]> =
    TableDefinition::new("bindings");

/// Whether this is a file system on which a new file needs no name at first.
#[cfg(target_os = "linux")]
pub(crate) fn has_unnamed_files(directory: &Path) -> bool {
    use std::os::unix::fs::OpenOptionsExt;

    let flag = rustix::fs::OFlags::TMPFILE.bits().cast_signed();
    let mut options = std::fs::OpenOptions::new();
    let options = options.write(true).custom_flags(flag);
    options.open(directory).is_ok()
}

/// None is known of elsewhere.
#[cfg(not(target_os = "linux"))]
pub(crate) fn has_unnamed_files(_: &Path) -> bool {
    false
}

/// `CERTBIND_CASES` times as many cases as by default.
pub(crate) fn cases(default: u32) -> u32 {
    certbind_test_support::cases(default)
}

/// So many cases, times `CERTBIND_CASES`; failures are kept in `proptest-regressions`.
pub(crate) fn config(default: u32, regressions: &'static str) -> Config {
    Config {
        cases: cases(default),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(regressions))),
        ..Config::default()
    }
}

/// A sequence of numbers that a seed decides (SplitMix64).
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// One of so many.
    pub(crate) fn below(&mut self, many: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % many as u64).expect("less than many")
    }
}

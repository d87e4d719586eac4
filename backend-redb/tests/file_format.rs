//! The code writes and reads the worked examples of `docs/file-format.md`.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use std::path::Path;
use std::time::{Duration, SystemTime};

use certbind_core::codec::{decode_binding, decode_key, encode_binding, encode_key};
use certbind_core::history::{Author, Before, Commit, History, HistoryOptions};
use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, CertCheckMode, Change, ErrorHeaders,
    ExtendedProperties, Header, Property, PropertyValue, Record, SslFlags,
};
use certbind_redb::RedbStore;
use common::{BINDINGS_OF_FORMAT_1, BLOCKS, META, contents, of_format_1};
use redb::{Database, ReadableDatabase, ReadableTable};

const DOCUMENT: &str = include_str!("../../docs/file-format.md");

/// The bytes of an example: the text in front of `|` on the lines of the block with this title. A
/// line with no such text refers to the example that it names.
fn example(title: &str) -> Vec<u8> {
    let start = format!("```text\n{title}\n");
    let block = DOCUMENT.split(&start).nth(1).expect(title);
    let block = block.split("```").next().unwrap();
    let lines = block.lines().flat_map(|line| {
        let (bytes, remark) = line.split_once('|').unwrap_or((line, ""));
        let bytes = bytes.split_whitespace();
        let bytes: Vec<_> = bytes
            .map(|byte| u8::from_str_radix(byte, 16).expect("two hexadecimal digits"))
            .collect();
        match bytes.is_empty() {
            true => example(remark.trim()),
            false => bytes,
        }
    });
    lines.collect()
}

fn bindings() -> Vec<Binding> {
    let hash = "5226dc6c54559761cd471b86eb51c096252c90f2".parse().unwrap();
    let iis = "4dc3e181-e14b-4a21-b022-59fc669b0914".parse().unwrap();
    let plain = Record::new(hash, Some("MY".parse().unwrap()), iis);
    let mut options = Record::central(iis);
    options.check_mode = CertCheckMode::from_bits_retain(1);
    options.revocation_freshness_time = 3600;
    options.url_retrieval_timeout = 70_000;
    options.ctl_store_name = Some("CA".parse().unwrap());
    options.flags = SslFlags::from_bits_retain(2);
    let spelled = Binding::new(key("hostnameport=www.contoso.com:443"), plain.clone()).unwrap();
    vec![
        Binding::new(key("ipport=0.0.0.0:443"), plain).unwrap(),
        spelled.with_host_spelling("WWW.Contoso.com").unwrap(),
        Binding::new(key("ccs=443"), options).unwrap(),
    ]
}

fn key(text: &str) -> BindingKey {
    text.parse().unwrap()
}

#[test]
fn keys_match_documentation() {
    for text in [
        "ipport=0.0.0.0:443",
        "ipport=[fe80::1%7]:8443",
        "hostnameport=www.contoso.com:443",
        "hostnameport=*.contoso.com:443",
        "ccs=443",
        "scopedccs=contoso.com:443",
    ] {
        let documented = example(&format!("key {text}"));
        assert_eq!(encode_key(&key(text)), documented, "{text}");
        assert_eq!(decode_key(&documented).unwrap(), key(text));
    }
}

/// One with extended properties.
fn extended() -> Binding {
    let window = PropertyValue::Http2Window {
        receive_window: 65_535,
    };
    let header = Header::new("Retry-After", b"120").unwrap();
    let headers = ErrorHeaders::new(503, vec![header]).unwrap();
    let headers = Property {
        flags: 1,
        value: PropertyValue::ErrorHeaders(headers),
    };
    let mut record = Record::central("4dc3e181-e14b-4a21-b022-59fc669b0914".parse().unwrap());
    record.extended = ExtendedProperties::new([headers, window.into()]).unwrap();
    Binding::new(key("ccs=8443"), record).unwrap()
}

#[test]
fn values_match_documentation() {
    for binding in bindings().into_iter().chain([extended()]) {
        let documented = example(&format!("value of {}", binding.key()));
        assert_eq!(encode_binding(&binding), documented, "{binding:?}");
        let read = decode_binding(binding.key().clone(), &documented).unwrap();
        assert_eq!(read, binding);
    }
}

#[test]
fn file_has_documented_tables_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = RedbStore::open(&path).unwrap();
    let id = store.id();
    for binding in bindings() {
        store.insert(binding).unwrap();
    }
    drop(store);

    let database = Database::open(&path).unwrap();
    let transaction = database.begin_read().unwrap();
    assert_eq!(transaction.list_tables().unwrap().count(), 2);
    let meta = transaction.open_table(META).unwrap();
    let entries = meta.iter().unwrap().map(|entry| {
        let (name, value) = entry.unwrap();
        (name.value().to_owned(), value.value().to_vec())
    });
    let expected = [
        ("format".to_owned(), example("meta format")),
        ("id".to_owned(), id.as_bytes().to_vec()),
        ("revision".to_owned(), example("meta revision")),
    ];
    assert_eq!(entries.collect::<Vec<_>>(), expected);
    let table = transaction.open_table(BLOCKS).unwrap();
    let entries = table.iter().unwrap().map(|entry| {
        let (key, value) = entry.unwrap();
        (key.value().to_vec(), value.value().to_vec())
    });
    let first = "ipport=0.0.0.0:443";
    let expected = (
        example(&format!("key {first}")),
        example(&format!("block of {first}")),
    );
    assert_eq!(entries.collect::<Vec<_>>(), [expected]);
}

/// A store of three commits, as another program might make it, that names the log of the document.
fn with_documented_wal(path: &Path) {
    let store = RedbStore::open(path).unwrap();
    for binding in bindings() {
        store.insert(binding).unwrap();
    }
    drop(store);
    let (header, record) = (example("WAL header"), example("WAL record"));
    set_meta(path, "id", &header[8..24]);
    set_meta(path, "log", &header[24..40]);
    let mut log = header;
    log.resize(512, 0);
    log.extend(record);
    log.resize(4096, 0);
    std::fs::write(path.with_file_name("bindings.redb-log"), log).unwrap();
}

fn set_meta(path: &Path, name: &str, value: &[u8]) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut meta = transaction.open_table(META).unwrap();
    meta.insert(name, value).unwrap();
    drop(meta);
    transaction.commit().unwrap();
}

#[test]
fn documented_wal_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    with_documented_wal(&path);
    for open in [RedbStore::open_read_only, RedbStore::open] {
        let store = open(&path).unwrap();
        assert_eq!(store.revision(), 4);
        assert_eq!(contents(&store), bindings()[..2]);
    }
}

#[test]
fn wal_is_written_as_documented() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = RedbStore::builder().wal_after_commits(0).wal_size(4096);
    let store = store.open(&path).unwrap();
    for binding in bindings() {
        store.insert(binding).unwrap();
    }
    let put = Change::put(bindings()[0].clone());
    let batch = Batch::new([put, Change::remove(key("ccs=443"))]).unwrap();
    store.apply(&batch).unwrap();

    let log = std::fs::read(path.with_file_name("bindings.redb-log")).unwrap();
    assert_eq!(log.len(), 4096);
    // But for the id and the nonce, and so the check sums.
    let summed = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() - 4);
        let sum = crc32fast::hash(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes.resize(512, 0);
        bytes
    };
    let (mut header, mut record) = (example("WAL header"), example("WAL record"));
    header[8..24].copy_from_slice(store.id().as_bytes());
    header[24..40].copy_from_slice(&log[24..40]);
    record[..16].copy_from_slice(&log[24..40]);
    assert_eq!(log[..512], summed(header));
    // The first commit went to the file, and the others moved forward by two parts.
    assert_eq!(log[3 * 512..][..512], summed(record));
}

/// The table of the history. Its rows have the form of all other tables.
const HISTORY: redb::TableDefinition<'static, &[u8], &[u8]> =
    redb::TableDefinition::new("other/history");

#[test]
fn history_is_written_and_read_as_documented() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let author = Author {
        user: "ada".to_owned(),
        host: "w1".to_owned(),
        command: "add".to_owned(),
        message: String::new(),
    };
    let options = HistoryOptions {
        author: author.clone(),
        ..HistoryOptions::default()
    };
    let [before, after, _] = bindings().try_into().unwrap();
    RedbStore::open(&path)
        .unwrap()
        .insert(before.clone())
        .unwrap();
    let store = RedbStore::builder().history(options).open(&path).unwrap();
    let mut record = after.record().clone();
    record.flags = SslFlags::from_bits_retain(2);
    let changed = Binding::new(before.key().clone(), record).unwrap();
    store.put(changed).unwrap();
    drop(store);

    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut table = transaction.open_table(HISTORY).unwrap();
    let key = &2_u64.to_be_bytes()[..];
    let row = table.get(key).unwrap().unwrap().value().to_vec();
    // But for the time, and so the checksum.
    let documented = example("row of a history");
    let time = 1 + 8 + 8 + 1 + 4;
    assert_eq!(row[..time], documented[..time]);
    assert_eq!(
        row[time + 8..row.len() - 4],
        documented[time + 8..row.len() - 4]
    );
    table.insert(key, documented.as_slice()).unwrap();
    drop(table);
    transaction.commit().unwrap();
    drop(database);

    let store = RedbStore::open(&path).unwrap();
    let commit = Commit {
        revision: 2,
        time: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000),
        author,
        changes: 1,
        before: Before::Values(vec![(before.key().clone(), Some(before))]),
        found: None,
    };
    assert_eq!(store.commits().unwrap(), [commit]);
    assert!(store.check().unwrap().is_clean());
}

#[test]
fn damage_of_history_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let options = HistoryOptions::default();
    let store = RedbStore::builder().history(options).open(&path).unwrap();
    for binding in bindings() {
        store.insert(binding).unwrap();
    }
    drop(store);
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut table = transaction.open_table(HISTORY).unwrap();
    let key = &2_u64.to_be_bytes()[..];
    let mut row = table.get(key).unwrap().unwrap().value().to_vec();
    row[9] ^= 1;
    table.insert(key, row.as_slice()).unwrap();
    drop(table);
    transaction.commit().unwrap();
    drop(database);
    let store = RedbStore::open(&path).unwrap();
    assert!(store.commits().is_err());
    let report = store.check().unwrap();
    assert!(
        report.problems[0].contains("checksum is wrong"),
        "{report:?}"
    );
    assert_eq!(contents(&store), bindings());
}

#[test]
fn format_2_is_upgraded_on_write_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let store = RedbStore::open(&path).unwrap();
    for binding in bindings() {
        store.insert(binding).unwrap();
    }
    drop(store);
    set_meta(&path, "format", &2_u32.to_le_bytes());
    let old = std::fs::read(&path).unwrap();

    let store = RedbStore::open_read_only(&path).unwrap();
    assert_eq!((store.revision(), contents(&store)), (3, bindings()));
    assert!(store.check().unwrap().is_clean());
    drop(store);
    assert!(std::fs::read(&path).unwrap() == old);

    let store = RedbStore::open(&path).unwrap();
    assert_eq!((store.revision(), contents(&store)), (3, bindings()));
    drop(store);
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_read().unwrap();
    let meta = transaction.open_table(META).unwrap();
    let format = meta.get("format").unwrap().unwrap();
    assert_eq!(format.value(), example("meta format"));
}

#[test]
fn format_1_is_upgraded_on_write_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    let old = of_format_1(bindings());
    std::fs::write(&path, &old).unwrap();

    let store = RedbStore::open_read_only(&path).unwrap();
    assert_eq!(contents(&store), bindings());
    assert_eq!((store.revision(), store.id().as_bytes()), (1, &[7; 16]));
    let report = store.check().unwrap();
    assert!(report.is_clean() && report.bindings == 3, "{report:?}");
    drop(store);
    assert!(std::fs::read(&path).unwrap() == old);

    let store = RedbStore::open(&path).unwrap();
    assert_eq!(contents(&store), bindings());
    assert_eq!((store.revision(), store.id().as_bytes()), (1, &[7; 16]));
    assert!(store.check().unwrap().is_clean());
    drop(store);
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_read().unwrap();
    assert_eq!(transaction.list_tables().unwrap().count(), 2);
    let meta = transaction.open_table(META).unwrap();
    let format = meta.get("format").unwrap().unwrap();
    assert_eq!(format.value(), example("meta format"));
    assert_eq!(
        transaction
            .open_table(BLOCKS)
            .unwrap()
            .iter()
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn damage_in_format_1_is_reported() {
    let [whole, damaged, _] = bindings().try_into().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bindings.redb");
    std::fs::write(&path, of_format_1([whole.clone(), damaged.clone()])).unwrap();
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut table = transaction.open_table(BINDINGS_OF_FORMAT_1).unwrap();
    let other = encode_binding(&whole);
    table.insert(&*encode_key(damaged.key()), &*other).unwrap();
    drop(table);
    transaction.commit().unwrap();
    drop(database);

    for open in [RedbStore::open_read_only, RedbStore::open] {
        let store = open(&path).unwrap();
        let report = store.check().unwrap();
        assert_eq!(
            (report.bindings, report.problems.len()),
            (1, 1),
            "{report:?}"
        );
        assert!(report.problems[0].contains("www.contoso.com"), "{report:?}");
        assert_eq!(store.get(whole.key()).unwrap(), Some(whole.clone()));
        assert!(store.get(damaged.key()).is_err());
    }
}

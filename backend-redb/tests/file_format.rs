//! The worked examples of `docs/file-format.md` are what the code writes, and it reads them.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use backend_redb::RedbStore;
use common::{BINDINGS_OF_FORMAT_1, META, RUNS, contents, of_format_1};
use redb::{Database, ReadableDatabase, ReadableTable};
use store_core::codec::{decode_binding, decode_key, encode_binding, encode_key};
use store_core::{
    Binding, BindingKey, BindingStore, CertCheckMode, ErrorHeaders, ExtendedProperties, Header,
    Property, PropertyValue, Record, SslFlags,
};

const DOCUMENT: &str = include_str!("../../docs/file-format.md");

/// The bytes of an example: what stands in front of `|` on the lines of the block with this title.
/// A line with nothing there stands for the example that it names.
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
fn keys_are_written_as_documented() {
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
fn values_are_written_as_documented() {
    for binding in bindings().into_iter().chain([extended()]) {
        let documented = example(&format!("value of {}", binding.key()));
        assert_eq!(encode_binding(&binding), documented, "{binding:?}");
        let read = decode_binding(binding.key().clone(), &documented).unwrap();
        assert_eq!(read, binding);
    }
}

#[test]
fn a_file_has_the_documented_tables_and_nothing_else() {
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
    let table = transaction.open_table(RUNS).unwrap();
    let entries = table.iter().unwrap().map(|entry| {
        let (key, value) = entry.unwrap();
        (key.value().to_vec(), value.value().to_vec())
    });
    let run = "ipport=0.0.0.0:443";
    let expected = (
        example(&format!("key {run}")),
        example(&format!("run of {run}")),
    );
    assert_eq!(entries.collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_file_of_format_1_is_upgraded_for_writing_and_left_alone_by_reading() {
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
            .open_table(RUNS)
            .unwrap()
            .iter()
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn damage_in_a_file_of_format_1_is_told_and_stays_where_it_is() {
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

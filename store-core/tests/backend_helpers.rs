//! Helpers of the core for authors of backends.

#![allow(clippy::unwrap_used)]

use certbind_core::codec::{decode_binding, decode_key, encode_binding, encode_key, scan_range};
use certbind_core::strategy::{few_keys, scan_of};
use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, CertHash, Change, CtlIdentifier, Kind, MemoryStore,
    Precondition, Record, Result, SslFlags, StoreError, StoreName, Uuid,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn scan_range_contains_the_keys_of_the_scan(
        scan in scan_of(few_keys(&Kind::ALL)),
        keys in proptest::collection::vec(few_keys(&Kind::ALL), 20),
    ) {
        let range = scan_range(&scan);
        for key in keys {
            let inside = range.as_ref().is_some_and(|range| range.contains(&encode_key(&key)));
            prop_assert_eq!(inside, scan.contains(&key), "{}", key);
        }
    }
}

/// Bytes that are no key are read, and found to be damaged.
#[test]
fn scan_range_of_everything_has_no_limit() {
    let range = scan_range(&certbind_core::Scan::all()).unwrap();
    assert!(range.contains(&[]) && range.contains(&[0xff; 300]));
}

fn binding() -> Binding {
    let record = Record::new(CertHash::new([7; 20]), None, Uuid::nil());
    Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()
}

#[test]
fn differences_name_each_field() {
    type Edit = fn(&mut Record);
    let changes: [(&str, Edit); 9] = [
        ("certificate", |r| {
            r.certificate.as_mut().unwrap().hash = CertHash::new([8; 20]);
        }),
        ("certificate store", |r| {
            r.certificate.as_mut().unwrap().store_name = Some(StoreName::new("MY").unwrap());
        }),
        ("application id", |r| r.app_id = Uuid::from_u128(1)),
        ("check mode", |r| {
            r.check_mode = certbind_core::CertCheckMode::NO_REVOCATION;
        }),
        ("revocation freshness time", |r| {
            r.revocation_freshness_time = 1;
        }),
        ("URL retrieval timeout", |r| r.url_retrieval_timeout = 1),
        ("CTL identifier", |r| {
            r.ctl_identifier = Some(CtlIdentifier::new("a").unwrap());
        }),
        ("CTL store name", |r| {
            r.ctl_store_name = Some(StoreName::new("CA").unwrap());
        }),
        ("flags", |r| r.flags = SslFlags::DISABLE_HTTP2),
    ];
    for (field, change) in changes {
        let mut record = binding().record().clone();
        change(&mut record);
        let changed = binding().with_record(record).unwrap();
        let differences = binding().differences(&changed);
        let fields: Vec<_> = differences
            .iter()
            .map(|difference| difference.field)
            .collect();
        assert_eq!(fields, [field]);
        assert_ne!(differences[0].expected, differences[0].found);
    }
    assert_eq!(binding().differences(&binding()), []);
}

/// Bindings are equal exactly if no field differs: no field is left out.
#[test]
fn differences_are_empty_only_for_equal_bindings() {
    let bindings = || certbind_core::strategy::binding_of(few_keys(&[Kind::Sni]));
    proptest!(|(one in bindings(), other in bindings())| {
        prop_assert_eq!(one.differences(&other).is_empty(), one == other);
        let spelled = one.clone().with_host_spelling(&one.key().host().unwrap().as_str().to_uppercase());
        let spelled = spelled.unwrap();
        prop_assert_eq!(one.differences(&spelled).is_empty(), one == spelled);
    });
}

/// A conflict over flags alone used to print the same text for both bindings.
#[test]
fn a_conflict_shows_the_fields_that_differ() {
    let store = MemoryStore::new();
    store.insert(binding()).unwrap();
    let mut record = binding().record().clone();
    record.flags = SslFlags::DISABLE_HTTP2;
    let expected = binding().with_record(record).unwrap();
    let precondition = Precondition::Exactly(Box::new(expected));
    let change = Change::new(binding().key().clone(), precondition, None).unwrap();
    let error = store.apply(&Batch::from(change)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ipport=0.0.0.0:443 has changed: flags: expected 0x00000010, found 0x00000000; read it again \
         and retry"
    );
}

/// With `?` alone.
fn decoded(key: &[u8], value: &[u8]) -> Result<Binding> {
    Ok(decode_binding(decode_key(key)?, value)?)
}

fn parsed(key: &str, hash: &str, store: &str, app_id: &str) -> Result<Binding> {
    let key: BindingKey = key.parse()?;
    let app_id: Uuid = app_id.parse()?;
    Ok(Binding::new(
        key,
        Record::new(hash.parse()?, Some(store.parse()?), app_id),
    )?)
}

#[test]
fn question_mark_converts_every_parse_error() {
    let (key, mut value) = (encode_key(binding().key()), encode_binding(&binding()));
    assert_eq!(decoded(&key, &value).unwrap(), binding());
    *value.last_mut().unwrap() ^= 1;
    assert!(matches!(
        decoded(&key, &value),
        Err(StoreError::Corrupt { .. })
    ));
    assert!(matches!(
        decoded(&[9], &value),
        Err(StoreError::Corrupt { .. })
    ));

    let hash = "07".repeat(20);
    let app_id = "4dc3e181-e14b-4a21-b022-59fc669b0914";
    assert!(parsed("0.0.0.0:443", &hash, "MY", app_id).is_ok());
    for (key, hash, store, app_id) in [
        ("0.0.0.0", &*hash, "MY", app_id),
        ("0.0.0.0:443", "07", "MY", app_id),
        ("0.0.0.0:443", &*hash, "M\0Y", app_id),
        ("0.0.0.0:443", &*hash, "MY", "IIS"),
    ] {
        let error = parsed(key, hash, store, app_id).unwrap_err();
        assert!(matches!(error, StoreError::Invalid { .. }), "{error:?}");
    }
    assert!(parsed("ccs=443", &hash, "MY", app_id).is_err());
}

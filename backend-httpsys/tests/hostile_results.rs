//! Answers of queries that make no sense.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod fake;

use std::error::Error;

use certbind_core::{BindingStore, Scan, StoreError};
use certbind_httpapi_abi::client::MalformedReply;
use certbind_httpapi_abi::win32::{self, Win32Error};
use fake::{Call, Fake, binding, open};

#[test]
fn a_record_of_another_key_is_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    *fake.records() = vec![binding("0.0.0.0:443", 1)];
    fake.answer_any_key();
    assert!(
        store
            .get(&"0.0.0.0:443".parse().unwrap())
            .unwrap()
            .is_some()
    );
    assert_eq!(store.get(&"0.0.0.0:444".parse().unwrap()).unwrap(), None);
}

#[test]
fn growing_record_is_queried_again() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    let grown = |length: usize| {
        let mut record = binding("0.0.0.0:443", 1).record().clone();
        record.ctl_identifier = Some("x".repeat(length).parse().unwrap());
        binding("0.0.0.0:443", 1).with_record(record).unwrap()
    };
    *fake.records() = vec![grown(1000)];
    let mut sizes = vec![32_000, 8_000, 4_000];
    fake.hook(move |call, after, records| {
        if matches!(call, Call::Exact { .. }) && after == Some(122) {
            records.extend(sizes.pop().map(grown));
            records.drain(..records.len() - 1);
        }
        None
    });
    let found = store.get(&"0.0.0.0:443".parse().unwrap()).unwrap();
    assert_eq!(found, Some(grown(32_000)));
}

#[test]
fn a_record_that_never_fits_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    *fake.records() = vec![binding("0.0.0.0:443", 1)];
    fake.hook(|_, _, _| Some(122));
    let key = "0.0.0.0:443".parse().unwrap();
    let error = store.get(&key).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
    let too_small = Win32Error { code: 122 };
    assert_eq!(error.source().unwrap().downcast_ref(), Some(&too_small));
    let found = store.scan(&Scan::all()).unwrap();
    let errors: Vec<_> = found.map(Result::unwrap_err).collect();
    let source = errors[0].source().unwrap();
    assert_eq!(source.downcast_ref(), Some(&too_small));
    assert!(
        errors[0].to_string().contains("index 0 of the ipport"),
        "{errors:?}"
    );
}

#[test]
fn success_without_a_record_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    let store = open(&fake, folder.path());
    fake.hook(|_, _, _| Some(0));
    let error = store.get(&"0.0.0.0:443".parse().unwrap()).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("ipport=0.0.0.0:443"), "{error}");
    assert!(error.source().unwrap().is::<MalformedReply>(), "{error:?}");
    let mut found = store.scan(&Scan::all()).unwrap();
    let error = found.next().unwrap().unwrap_err();
    assert!(
        error.to_string().contains("index 0 of the ipport"),
        "{error}"
    );
}

#[test]
fn both_codes_for_not_found_are_understood() {
    for code in [win32::FILE_NOT_FOUND, win32::NO_MORE_ITEMS] {
        let folder = tempfile::tempdir().unwrap();
        let fake = Fake::new();
        let store = open(&fake, folder.path());
        *fake.records() = vec![binding("0.0.0.0:443", 1)];
        fake.hook(move |call, _, _| (!call.writes() || call == Call::Delete).then_some(code));
        assert_eq!(store.get(&"0.0.0.0:443".parse().unwrap()).unwrap(), None);
        assert_eq!(store.scan(&Scan::all()).unwrap().count(), 0);
        fake.hook(move |call, _, _| (call == Call::Delete).then_some(code));
        let error = store.remove(&"0.0.0.0:443".parse().unwrap()).unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    }
}

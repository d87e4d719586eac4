//! Errors of stores: their messages, and the causes that programs can inspect.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::error::Error;
use std::io;

use certbind_core::codec::{CodecError, decode_key};
use certbind_core::{
    Applied, Binding, BindingError, BindingKey, CertHash, Kind, Outcome, Record, StoreError, Uuid,
};

fn key(text: &str) -> BindingKey {
    text.parse().unwrap()
}

fn binding(at: &str) -> Binding {
    let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
    Binding::new(key(at), record).unwrap()
}

fn cause<E: Error + 'static>(error: &StoreError) -> &E {
    error.source().unwrap().downcast_ref().unwrap()
}

#[test]
fn causes_are_sources() {
    let broken = decode_key(&[9]).unwrap_err();
    let error = StoreError::corrupt("bindings.redb", broken.clone());
    assert_eq!(*cause::<CodecError>(&error), broken);
    assert!(error.to_string().contains(&broken.to_string()), "{error}");

    let error = StoreError::unavailable(io::Error::from(io::ErrorKind::StorageFull));
    let full = cause::<io::Error>(&error);
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);

    let error = StoreError::NotRestored {
        key: key("0.0.0.0:443"),
        before: None,
        source: Box::new(StoreError::ReadOnly),
        restore: Box::new(StoreError::Unstable { attempts: 3 }),
    };
    let first = error.source().unwrap();
    assert_eq!(first.to_string(), StoreError::ReadOnly.to_string());
    let message = error.to_string();
    assert!(message.contains("3 attempts"), "{message}");
}

#[test]
fn mismatched_record_is_the_source_of_the_error() {
    let refused = Binding::new(key("ccs=443"), binding("0.0.0.0:443").record().clone());
    let error = StoreError::from(refused.unwrap_err());
    let StoreError::InvalidBinding(BindingError::Certificate { kind: Kind::Ccs }) = error else {
        panic!("{error:?}");
    };
}

/// A codec error keeps the error of the part that is invalid.
#[test]
fn a_codec_error_names_the_invalid_part() {
    // An ipport of port 0.
    let error = decode_key(&[1, 4, 127, 0, 0, 1, 0, 0]).unwrap_err();
    assert!(matches!(error, CodecError::Key(_)), "{error:?}");
    assert_eq!(error.to_string(), "\"0\" is not a port from 1 to 65535");
}

/// The next step after a denied access depends on the backend, so the core has no words of its own.
#[test]
fn access_denied_has_the_advice_of_the_backend() {
    let denied = |advice: &'static str| StoreError::AccessDenied {
        key: None,
        action: "opening bindings.redb".into(),
        advice: advice.into(),
        source: None,
    };
    assert_eq!(
        denied("use an account that may read the file").to_string(),
        "opening bindings.redb is not permitted; use an account that may read the file"
    );
    let words = denied("x").to_string();
    assert!(!words.contains("administrator"), "{words}");
}

#[test]
fn the_outcomes_of_a_batch_have_their_own_keys_once() {
    let outcome = |at: &str, after: &str| Outcome {
        key: key(at),
        before: None,
        after: Some(binding(after)),
    };
    let one = outcome("0.0.0.0:443", "0.0.0.0:443");
    let applied = Applied::new([one.clone(), outcome("[::]:443", "[::]:443")]).unwrap();
    let applied = applied.at_revision(7);
    assert_eq!(applied.revision(), Some(7));
    assert_eq!(applied.inverse().len(), 2);
    for wrong in [
        vec![outcome("0.0.0.0:443", "[::]:443")],
        vec![one.clone(), one],
    ] {
        let refused = Applied::new(wrong);
        assert!(
            matches!(refused, Err(StoreError::Invalid { key: Some(_), .. })),
            "{refused:?}"
        );
    }
}

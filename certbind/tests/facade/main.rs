//! The library: stores are opened by their URLs.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::error::Error;
use std::path::Path;

use certbind::{Access, OpenError, open, open_with};
use certbind_core::{Binding, BindingKey, BindingStore, CertHash, Record, Scan, StoreError, Uuid};
use tempfile::TempDir;

fn binding() -> Binding {
    let record = Record::new(CertHash::new([0x52; 20]), None, Uuid::nil());
    Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()
}

fn key() -> BindingKey {
    binding().key().clone()
}

fn redb(path: &Path) -> String {
    format!("redb:{}", path.display())
}

#[test]
fn changes_survive_reopening() {
    let folder = TempDir::new().unwrap();
    let url = redb(&folder.path().join("bindings.redb"));
    open(&url).unwrap().insert(binding()).unwrap();
    let store = open_with(&url, Access::Read).unwrap();
    assert_eq!(store.get(&key()).unwrap(), Some(binding()));
}

#[test]
fn read_access_refuses_changes() {
    let folder = TempDir::new().unwrap();
    let url = redb(&folder.path().join("bindings.redb"));
    drop(open(&url).unwrap());
    let store = open_with(&url, Access::Read).unwrap();
    assert!(matches!(store.insert(binding()), Err(StoreError::ReadOnly)));
    drop(store);
    open_with(&url, Access::Change)
        .unwrap()
        .insert(binding())
        .unwrap();
}

#[test]
fn missing_store_is_not_created_on_request() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bindings.redb");
    for access in [Access::Read, Access::Change] {
        let error = open_with(&redb(&path), access).err().unwrap();
        assert!(matches!(error, OpenError::NotFound { .. }), "{error}");
        assert!(error.to_string().contains("bindings.redb"), "{error}");
        assert!(!path.exists());
    }
}

#[test]
fn memory_stores_are_independent() {
    let [first, second] = [open("memory:").unwrap(), open("memory:").unwrap()];
    first.insert(binding()).unwrap();
    assert_eq!(first.scan(&Scan::all()).unwrap().count(), 1);
    assert_eq!(second.scan(&Scan::all()).unwrap().count(), 0);
}

#[test]
fn invalid_url_lists_the_forms_of_every_backend() {
    let text = open("bindings.redb").err().unwrap().to_string();
    for form in ["redb:PATH", "httpsys:", "etcd://ENDPOINT", "memory:"] {
        assert!(text.contains(form), "{text}");
    }
    for (url, expected) in [
        ("redb:", "expected a path"),
        ("memory:x", "without an address"),
        ("etcd://127.0.0.1:1/", "names no host"),
    ] {
        let error = open(url).err().unwrap();
        assert!(matches!(error, OpenError::Url(_)), "{url}: {error}");
        assert!(error.to_string().contains(expected), "{url}: {error}");
    }
}

/// `patience=` is the old spelling of `retry_timeout=`: the same values are accepted and refused.
#[test]
fn old_url_parameters_are_checked_alike() {
    for parameter in ["retry_timeout", "patience"] {
        for value in ["x", "-1", "NaN", "1e9"] {
            let url = format!("etcd://127.0.0.1:1/web01?{parameter}={value}");
            let error = open(&url).err().unwrap();
            assert!(matches!(error, OpenError::Url(_)), "{url}: {error}");
            let expected = format!("{parameter} must be a number of seconds");
            assert!(error.to_string().contains(&expected), "{url}: {error}");
        }
        let url = format!("etcd://127.0.0.1:1/web01?timeout=0.1&{parameter}=0.1");
        let store = open(&url).unwrap();
        // Nothing listens on port 1.
        assert!(store.get(&key()).is_err(), "{url}");
    }
}

#[test]
fn cause_of_an_error_is_its_source() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bindings.redb");
    std::fs::write(&path, "no store").unwrap();
    let error = open(&redb(&path)).err().unwrap();
    assert!(
        matches!(error, OpenError::Store(StoreError::Corrupt { .. })),
        "{error}"
    );
    assert!(error.source().is_some(), "{error:?}");
}

#[cfg(not(windows))]
#[test]
fn system_api_needs_windows() {
    let error = open("httpsys:").err().unwrap();
    assert!(
        matches!(error, OpenError::Store(StoreError::Unsupported { .. })),
        "{error}"
    );
}

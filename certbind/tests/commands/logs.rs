//! A store that was not closed, and its log.

use std::fs;

use certbind::exit;
use certbind_core::BindingStore;
use certbind_redb::RedbStore;

use super::{HASH, Host, IIS};

/// A host with three bindings, the last two of which are in the log of a store that was not closed.
fn crashed() -> Host {
    let writing = Host::new();
    let host = Host::new();
    writing.add("0.0.0.0:441");
    let builder = RedbStore::builder().wal_after_commits(0);
    let store = builder.open(writing.file("bindings.redb")).unwrap();
    for key in ["0.0.0.0:442", "0.0.0.0:443", "0.0.0.0:444"] {
        let first = store.get(&"0.0.0.0:441".parse().unwrap()).unwrap().unwrap();
        let binding = certbind_core::Binding::new(key.parse().unwrap(), first.record().clone());
        store.insert(binding.unwrap()).unwrap();
    }
    for name in ["bindings.redb", "bindings.redb-log"] {
        fs::copy(writing.file(name), host.file(name)).unwrap();
    }
    host
}

#[test]
fn missing_wal_is_discarded_on_request() {
    let host = crashed();
    fs::remove_file(host.file("bindings.redb-log")).unwrap();
    for arguments in [&["list"][..], &["add", "ccs=443", "--app-id", IIS]] {
        let said = host.fails(exit::REFUSED, arguments);
        assert!(
            said.contains("bindings.redb-log") && said.contains("it is missing"),
            "{said}"
        );
        assert!(said.contains("certbind check --discard-wal"), "{said}");
    }
    let output = host.run(&["check"]);
    let said = super::text(&output.stdout);
    assert_eq!(output.status.code(), Some(exit::DAMAGED.into()), "{said}");
    assert!(said.contains("certbind check --discard-wal"), "{said}");
    let output = host.run(&["check", "--discard-wal"]);
    let [out, err] = [&output.stdout, &output.stderr].map(|text| super::text(text));
    assert_eq!(output.status.code(), Some(i32::from(exit::DONE)), "{err}");
    assert!(out.contains("2 bindings, revision 2; whole"), "{out}");
    assert!(err.contains("warning: the WAL was discarded"), "{err}");
    assert!(host.ok(&["list"]).contains(HASH));
}

/// A check of it writes nothing.
#[test]
fn intact_wal_is_not_discarded() {
    let host = crashed();
    let files = ["bindings.redb", "bindings.redb-log"].map(|name| host.file(name));
    let before = files.each_ref().map(|path| fs::read(path).unwrap());
    let output = host.run(&["check", "--discard-wal"]);
    let out = super::text(&output.stdout);
    assert!(out.contains("4 bindings, revision 4; whole"), "{out}");
    assert!(output.stderr.is_empty());
    assert!(files.each_ref().map(|path| fs::read(path).unwrap()) == before);
}

#[test]
fn only_a_log_is_given_up() {
    let host = Host::new();
    fs::write(host.file("bindings.redb"), "no store").unwrap();
    let said = host.fails(exit::REFUSED, &["check", "--discard-wal"]);
    assert!(said.contains("missing redb header"), "{said}");
    assert_eq!(fs::read(host.file("bindings.redb")).unwrap(), b"no store");
}

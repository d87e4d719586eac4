//! Traces of real hosts that were contributed, and their format.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind::exit;
use certbind_core::{
    BindingStore, ExtendedProperties, MemoryStore, Property, PropertyValue, SessionTicketKey,
    SessionTicketKeys,
};
use certbind_simulator::{Profile, Simulator};
use certbind_trace::{HostTrace, HostTraceError};
use serde_json::{Value, json};

use super::outputs::schemas;
use super::{HASH, Host, text, tracing};

const VERSION: &str = "10.0.20348.2849";

/// The calls of a trace that the simulator of its Windows answers otherwise, of a file that follows
/// the schema.
fn divergences(file: &[u8]) -> Vec<usize> {
    let value: Value = serde_json::from_slice(file).unwrap();
    schemas::validate("host-trace", &value);
    let trace = HostTrace::read(file).unwrap();
    let store = MemoryStore::new();
    for binding in &trace.before {
        store.insert(binding.clone()).unwrap();
    }
    let profile = Profile::of_build(trace.build().unwrap());
    let simulator = Simulator::new(Arc::new(store)).profile(profile);
    let found = trace.divergences(&simulator);
    found.into_iter().map(|found| found.call).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fidelity/traces")
}

/// A contributed file: the trace of a program on a host with a binding.
fn contributed(host: &Host) -> Value {
    let before = host.file("before.txt");
    let listing = format!(
        "\nSSL Certificate bindings:\n-------------------------\n\n\
         \x20   IP:port                      : 192.0.2.1:443\n\
         \x20   Certificate Hash             : {HASH}\n\
         \x20   Application ID               : {{4dc3e181-e14b-4a21-b022-59fc669b0914}}\n\
         \x20   Certificate Store Name       : MY\n\
         \x20   Verify Client Certificate Revocation : Enabled\n\
         \x20   Verify Revocation Using Cached Client Certificate Only : Disabled\n\
         \x20   Usage Check                  : Enabled\n\
         \x20   Revocation Freshness Time    : 0\n\
         \x20   URL Retrieval Timeout        : 0\n\
         \x20   Ctl Identifier               : (null)\n\
         \x20   Ctl Store Name               : (null)\n\
         \x20   DS Mapper Usage              : Disabled\n\
         \x20   Negotiate Client Certificate : Disabled\n\n\n"
    );
    std::fs::write(&before, listing).unwrap();
    let trace = tracing::trace(host);
    let printed = host.ok(&[
        "trace",
        "--contribute",
        VERSION,
        "--before",
        before.to_str().unwrap(),
        &trace,
    ]);
    serde_json::from_str(&printed).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

#[test]
fn contributed_traces_are_answered_alike() {
    let host = Host::new();
    let made = contributed(&host);
    assert_eq!(made["windows"], VERSION);
    assert_eq!(made["before"][0]["key"], "ipport=192.0.2.1:443");
    assert_eq!(divergences(&bytes(&made)), [] as [usize; 0]);
    for entry in folder().read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let found = divergences(&std::fs::read(&path).unwrap());
            assert!(found.is_empty(), "{}: calls {found:?}", path.display());
        }
    }
}

/// Other answers are found unless they are listed, and a listed one has to be there.
#[test]
fn a_call_with_another_answer_is_found() {
    let host = Host::new();
    let mut made = contributed(&host);
    made["calls"][2]["result"] = json!(5);
    assert_eq!(divergences(&bytes(&made)), [3]);
    made["differences"] = json!([{ "call": 3, "reason": "docs/fidelity/set-bound.toml" }]);
    assert_eq!(divergences(&bytes(&made)), [] as [usize; 0]);
    made["calls"][2]["result"] = json!(183);
    assert_eq!(divergences(&bytes(&made)), [3]);
    // The bindings of before matter.
    let mut made = contributed(&host);
    made["before"] = json!([{
        "key": "ipport=0.0.0.0:443",
        "certificate": { "hash": HASH },
        "app_id": "00000000-0000-0000-0000-000000000000"
    }]);
    assert_eq!(divergences(&bytes(&made))[0], 2);
}

#[test]
fn secrets_newer_formats_and_odd_versions_are_refused() {
    let host = Host::new();
    let made = contributed(&host);
    let read = |value: &Value| HostTrace::read(&bytes(value)).unwrap_err();

    let key = SessionTicketKey::new(0, *b"secret secret se", b"secret secret secret").unwrap();
    let keys = SessionTicketKeys::new(vec![key]).unwrap();
    let property = Property::from(PropertyValue::SessionTicketKeys(keys));
    let extended = ExtendedProperties::new(vec![property]).unwrap();
    let mut secret = made.clone();
    secret["before"][0]["extended"] = serde_json::to_value(extended).unwrap();
    assert!(matches!(read(&secret), HostTraceError::Secret(_)));

    let mut newer = made.clone();
    newer["format"] = json!(2);
    newer["unheard"] = json!(true);
    assert!(matches!(read(&newer), HostTraceError::Format(2)));

    let mut empty = made.clone();
    empty["calls"] = json!([]);
    assert!(matches!(read(&empty), HostTraceError::Empty));

    let trace = tracing::trace(&host);
    let refused = host.run(&["trace", "--contribute", "Server 2022", &trace]);
    assert_eq!(refused.status.code(), Some(i32::from(exit::USAGE)));
    assert!(text(&refused.stderr).contains("10.0.20348.2849"));
}

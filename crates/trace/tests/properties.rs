//! Calls for extended properties are written down and made again, and session ticket keys are not.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use certbind_core::{
    Binding, BindingStore, ExtendedProperties, MemoryStore, Property, PropertyValue, Record, Scan,
    SessionTicketKey, SessionTicketKeys, Uuid,
};
use certbind_httpsys::HttpSysStore;
use certbind_simulator::Simulator;
use certbind_trace::{Argument, Recorder, ReplayOutcome, read, replay};

fn simulator() -> Simulator {
    Simulator::new(Arc::new(MemoryStore::new()))
}

/// The trace of a program that binds a key with these properties and lists the bindings.
fn traced(properties: Vec<Property>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.jsonl");
    let journal = folder.path().join("journal");
    let recorder = Recorder::append(simulator(), &file).unwrap();
    let store = HttpSysStore::builder(recorder)
        .journal(journal)
        .open()
        .unwrap();
    let mut record = Record::new([1; 20].into(), None, Uuid::nil());
    record.extended = ExtendedProperties::new(properties).unwrap();
    let binding = Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap();
    store.insert(binding).unwrap();
    assert_eq!(store.scan(&Scan::all()).unwrap().count(), 1);
    store.remove(&"0.0.0.0:443".parse().unwrap()).unwrap();
    drop(store);
    std::fs::read(&file).unwrap()
}

#[test]
fn calls_for_properties_are_made_again() {
    let window = PropertyValue::Http2Window {
        receive_window: 65_535,
    };
    let bytes = traced(vec![window.into()]);
    let entries = read(&bytes).unwrap();
    let property = |argument: &Argument| match argument {
        Argument::Property(property) => Some(property.to_string()),
        _ => None,
    };
    let set: Vec<_> = entries
        .iter()
        .filter_map(|(_, entry)| property(&entry.argument))
        .collect();
    assert_eq!(set, ["ipport=0.0.0.0:443 http2_window: 65535 bytes"]);
    let api = simulator();
    let mut again = replay(&api, &entries);
    assert!(again.all(|replayed| replayed == ReplayOutcome::Same));
}

#[test]
fn session_ticket_keys_are_not_written_down() {
    let key = SessionTicketKey::new(0, *b"secret secret se", b"secret secret secret").unwrap();
    let keys = SessionTicketKeys::new(vec![key]).unwrap();
    let bytes = traced(vec![PropertyValue::SessionTicketKeys(keys).into()]);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("session ticket keys of ipport=0.0.0.0:443"));
    for secret in ["7365637265", "secret", "115,101,99"] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// A trace names hosts and stores, and root may make one in a folder that others write to.
#[cfg(unix)]
#[test]
fn trace_is_for_its_owner_and_follows_no_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.jsonl");
    drop(Recorder::append(simulator(), &file).unwrap());
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    let link = folder.path().join("link");
    symlink(folder.path().join("other"), &link).unwrap();
    assert!(Recorder::append(simulator(), &link).is_err());
    assert!(!folder.path().join("other").exists());
}

/// In a folder of all users another one may have made the file first, to read it.
#[cfg(unix)]
#[test]
fn trace_is_not_written_to_a_file_of_another_user() {
    use std::os::unix::fs::chown;

    let folder = tempfile::tempdir().unwrap();
    let planted = folder.path().join("trace.jsonl");
    std::fs::write(&planted, "").unwrap();
    drop(Recorder::append(simulator(), &planted).unwrap());
    if chown(&planted, Some(65_534), None).is_err() {
        println!("SKIPPED: only root may give a file to another user");
        return;
    }
    let error = Recorder::append(simulator(), &planted).err().unwrap();
    assert!(error.to_string().contains("user 65534"), "{error}");
    drop(Recorder::append(simulator(), std::path::Path::new("/dev/null")).unwrap());
}

//! The snapshot format: restored values, and refused input.

mod damage;
mod document;
mod forged;
mod frames;
mod whole;

use certbind_core::{Binding, CertHash, Record, Uuid};
use certbind_formats::snapshot::{SnapshotError, Writer};
use certbind_formats::{
    Export, Format, Header, ReadError, ReadOptions, ReadOutcome, read, snapshot,
};

/// A binding of `10.0.0.1`, the name of whose list of issuers has so many bytes.
fn binding(port: u16, ctl: usize) -> Binding {
    let store = Some("MY".parse().unwrap());
    let mut record = Record::new(CertHash::new([7; 20]), store, Uuid::nil());
    if ctl > 0 {
        record.ctl_identifier = Some("x".repeat(ctl).parse().unwrap());
    }
    Binding::new(format!("10.0.0.1:{port}").parse().unwrap(), record).unwrap()
}

/// A snapshot of so many bindings, with every field of a header.
fn small(bindings: u16) -> Vec<u8> {
    let export = Export {
        header: Header {
            host: Some("WEB-01".into()),
            captured_at: Some("2026-03-01T12:00:00Z".parse().unwrap()),
            source: Some("httpsys:".into()),
            tool: Some("certbind 0.1.0".into()),
        },
        bindings: (1..=bindings).map(|port| binding(port, 0)).collect(),
        ..Export::default()
    };
    written(&export)
}

fn written(export: &Export) -> Vec<u8> {
    let mut out = Vec::new();
    snapshot::write(&mut out, export).unwrap();
    out
}

fn pushed(bindings: impl IntoIterator<Item = Binding>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &Header::default(), None).unwrap();
    for binding in bindings {
        writer.push(&binding).unwrap();
    }
    writer.finish().unwrap()
}

fn read_as_snapshot(bytes: &[u8]) -> Result<ReadOutcome, ReadError> {
    let options = ReadOptions {
        format: Some(Format::Snapshot),
        // A damaged file is refused even with `keep_going`.
        keep_going: true,
        ..ReadOptions::default()
    };
    read(bytes, &options)
}

/// Why a file is refused: by every way of reading it.
#[track_caller]
fn refused(bytes: &[u8]) -> SnapshotError {
    let read = read_as_snapshot(bytes).expect_err("it is refused");
    let error = snapshot::verify(bytes).expect_err("it is refused");
    assert!(
        read.to_string().contains(&inner(&error)),
        "{read} and {error} say the same"
    );
    error
}

fn inner(error: &SnapshotError) -> String {
    match error {
        SnapshotError::Damaged { place, what, .. } => format!("{place}: {what}"),
        SnapshotError::NewerVersion { found, .. } => format!("version {found}"),
        other => other.to_string(),
    }
}

#[track_caller]
fn damage(error: &SnapshotError) -> (u64, Option<u64>, &str) {
    match error {
        SnapshotError::Damaged { place, what, .. } => (place.byte, place.chunk, what),
        other => panic!("{other}"),
    }
}

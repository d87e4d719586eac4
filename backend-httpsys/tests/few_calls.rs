//! How many calls a listing takes.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod fake;

use certbind_core::{BindingStore, Scan};
use fake::{Fake, binding, open};

/// One pass over the records takes a call for each, and one for the end of each kind. Two passes
/// have to agree, since another program can hide a record from any cheaper check (see
/// `a_record_that_moves_is_not_missed`). On top come the probes of four kinds and of properties.
#[test]
fn a_list_of_1000_takes_two_passes() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    *fake.records() = (1..=1000)
        .map(|port| binding(&format!("0.0.0.0:{port}"), 1))
        .collect();
    fake.take_log();
    let store = open(&fake, folder.path());
    assert_eq!(store.scan(&Scan::all()).unwrap().count(), 1000);
    let calls = fake.take_log().len();
    let pass = 1000 + 4;
    assert!(calls <= 2 * pass + 16, "{calls} calls");
}

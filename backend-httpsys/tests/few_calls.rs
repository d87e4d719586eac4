//! How many calls a listing takes.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod fake;

use certbind_core::{BindingStore, Scan};
use fake::{Fake, binding, open};

/// One pass over the records takes a call for each, and one for the end of each kind.
#[test]
fn a_list_of_1000_takes_at_most_1_3_passes() {
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
    assert!(calls * 10 <= pass * 13, "{calls} calls");
    assert!(calls > pass, "a scan is confirmed");
}

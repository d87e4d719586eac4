//! How many calls a listing takes.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod fake;

use certbind_core::{BindingStore, Scan};
use fake::{Call, Fake, binding, open};

/// One pass over the records takes a call for each, and one for the end of each kind. Two passes
/// have to agree, since another program can hide a record from any cheaper check (see
/// `a_record_that_moves_is_not_missed`). Further calls probe four kinds and the properties.
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

/// A Windows that refuses every query of a sort is not waited for again with each of them.
#[test]
fn only_the_first_of_refused_queries_is_retried() {
    const NO_SYSTEM_RESOURCES: u32 = 1450;
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    *fake.records() = (1..=100)
        .map(|port| binding(&format!("0.0.0.0:{port}"), 1))
        .collect();
    let store = open(&fake, folder.path());
    fake.hook(|call, _, _| matches!(call, Call::Next { .. }).then_some(NO_SYSTEM_RESOURCES));
    fake.take_log();
    let found: Vec<_> = store.scan(&Scan::all()).unwrap().collect();
    assert!(found.iter().any(Result::is_err), "{found:?}");
    let calls = fake.take_log();
    let is_repeated = |pair: &&[Call]| pair[0] == pair[1];
    let repeated = calls.windows(2).filter(is_repeated).count();
    let (kinds, retries) = (4, 3);
    assert_eq!(repeated, kinds * retries, "{calls:?}");
}

/// One that was answered makes the next patient again.
#[test]
fn a_query_is_repeated_after_another_of_its_sort_was_answered() {
    const BUSY: u32 = 170;
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::new();
    *fake.records() = (1..=4)
        .map(|port| binding(&format!("0.0.0.0:{port}"), 1))
        .collect();
    let store = open(&fake, folder.path());
    // The first record is never read, the third not at once.
    let mut of_third = 0;
    fake.hook(move |call, after, _| match (call, after) {
        (Call::Next { token: 0, .. }, None) => Some(BUSY),
        (Call::Next { token: 2, .. }, None) => {
            of_third += 1;
            (of_third % 2 == 1).then_some(BUSY)
        }
        _ => None,
    });
    let found: Vec<_> = store.scan(&Scan::all()).unwrap().collect();
    assert_eq!(
        found.iter().filter(|found| found.is_ok()).count(),
        3,
        "{found:?}"
    );
}

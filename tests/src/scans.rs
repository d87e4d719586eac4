//! Scans: order, ranges, cursors, and the instant that they show.

use std::ops::Bound;

use proptest::collection::vec;
use proptest::prelude::*;
use store_core::strategy::{binding_of, few_keys, key, scan_of};
use store_core::{Binding, BindingKey, BindingStore, Change, Kind, Result, Scan};

use crate::cases;
use crate::concurrent::numbered;
use crate::model::Model;
use crate::subject::{Subject, everything, fitted};

/// A scan gives what it was asked for in canonical order, each binding once: whole, by range, by
/// kind, and page by page from cursors, for ordinary keys and for odd ones. Where scans are
/// snapshots, one that has begun is not touched by what is written after.
///
/// # Panics
/// If it does not.
pub fn scans<S: Subject>() {
    let capabilities = S::new().open().capabilities();
    if !capabilities.writable {
        return;
    }
    let kinds = capabilities.kinds.clone();
    let supported = kinds.clone();
    let odd = key().prop_filter("a kind of this store", move |key| {
        supported.contains(&key.kind())
    });
    let keys = prop_oneof![2 => few_keys(&kinds), 1 => odd].boxed();
    let case = (
        vec(binding_of(keys.clone()), 0..24),
        vec(scan_of(keys.clone()), 4),
        keys,
        1..6_usize,
    );
    cases::check(
        cases::config::<S>("scans", 64),
        &case,
        |(bindings, scans, cursor, page)| {
            let place = S::new();
            let store = place.open();
            let mut model = Model::default();
            for binding in bindings {
                let binding = fitted(binding, &capabilities);
                model.apply(&Change::put(binding.clone()).into());
                store.put(binding).expect("put");
            }
            for scan in scans {
                let expected = model.scan(&scan);
                prop_assert_eq!(&found(&store, &scan), &expected, "{:?}", scan);
                prop_assert_eq!(
                    &paged(&store, &scan, page),
                    &expected,
                    "{:?} by {}",
                    scan,
                    page
                );
                let rest = scan.clone().after(cursor.clone());
                prop_assert_eq!(found(&store, &rest), model.scan(&rest), "{:?}", rest);
            }
            for kind in Kind::ALL {
                let scan = Scan::all().of_kind(kind);
                prop_assert_eq!(found(&store, &scan), model.scan(&scan), "{:?}", scan);
            }
            Ok(())
        },
    );
    let place = S::new();
    edges(&place.open(), &kinds);
    if capabilities.snapshot_scan {
        let place = S::new();
        instant(&place.open(), &kinds);
    }
}

fn found(store: &dyn BindingStore, scan: &Scan) -> Vec<Binding> {
    store
        .scan(scan)
        .expect("scan")
        .collect::<Result<_>>()
        .expect("scan")
}

/// The same, by pages: each begins behind the last key of the one before.
fn paged(store: &dyn BindingStore, scan: &Scan, page: usize) -> Vec<Binding> {
    let mut all: Vec<Binding> = Vec::new();
    loop {
        let rest = match all.last() {
            Some(last) => scan.clone().after(last.key().clone()),
            None => scan.clone(),
        };
        let begun = store.scan(&rest).expect("scan");
        let next: Vec<_> = begun.take(page).collect::<Result<_>>().expect("scan");
        if next.is_empty() {
            return all;
        }
        if let (Some(last), Some(first)) = (all.last(), next.first()) {
            assert!(
                last.key() < first.key(),
                "behind {} a page begins at {}",
                last.key(),
                first.key()
            );
        }
        all.extend(next);
    }
}

/// Ranges that end where they begin, or before.
fn edges(store: &dyn BindingStore, kinds: &[Kind]) {
    let kind = kinds[0];
    let keys: Vec<BindingKey> = {
        let mut keys: Vec<_> = (1..=3).map(|n| numbered(kind, n)).collect();
        keys.sort();
        keys
    };
    for key in &keys {
        store.put(crate::honest::plain(key)).expect("put");
    }
    let [low, middle, high] = [0, 1, 2].map(|i| keys[i].clone());
    let at = |start, end| {
        let found = found(store, &Scan::range((start, end)));
        found
            .into_iter()
            .map(|b| b.key().clone())
            .collect::<Vec<_>>()
    };
    let (included, excluded) = (Bound::Included::<BindingKey>, Bound::Excluded::<BindingKey>);
    assert_eq!(
        at(included(middle.clone()), included(middle.clone())),
        std::slice::from_ref(&middle)
    );
    assert_eq!(
        at(included(low.clone()), excluded(high.clone())),
        [low.clone(), middle.clone()]
    );
    assert_eq!(
        at(excluded(low.clone()), included(high.clone())),
        [middle.clone(), high.clone()]
    );
    for (start, end) in [
        (included(high.clone()), included(low.clone())),
        (excluded(high), excluded(low)),
        (excluded(middle.clone()), excluded(middle.clone())),
        (included(middle.clone()), excluded(middle.clone())),
        (excluded(middle.clone()), included(middle)),
    ] {
        assert_eq!(at(start, end), [], "an empty range");
    }
}

/// A scan that has begun shows the instant at which it began.
fn instant(store: &dyn BindingStore, kinds: &[Kind]) {
    for n in 1..=40_u32 {
        store
            .put(crate::honest::plain(&numbered(
                kinds[n as usize % kinds.len()],
                n,
            )))
            .expect("put");
    }
    let before = everything(store);
    let mut begun = store.scan(&Scan::all()).expect("scan");
    let mut seen = vec![begun.next().expect("40 bindings").expect("scan")];
    for binding in &before[..20] {
        store.remove(binding.key()).expect("remove");
    }
    for n in 41..=60_u32 {
        store
            .put(crate::honest::plain(&numbered(
                kinds[n as usize % kinds.len()],
                n,
            )))
            .expect("put");
    }
    seen.extend(begun.map(|binding| binding.expect("scan")));
    assert_eq!(seen, before, "a scan that began before the changes");
    assert_eq!(everything(store).len(), 40, "a scan that begins after them");
}

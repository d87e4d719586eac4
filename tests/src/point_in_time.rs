//! Point-in-time scans: a scan shows the state at its start, unaffected by later writes.

use certbind_core::{Batch, Binding, BindingStore, Capabilities, Change, Scan};

use crate::erased::{Fixtures, all_bindings};
use crate::fixture::Fixture;
use crate::guarantee::require_eq;
use crate::order::Rank;
use crate::sample::{keys, marked};
use crate::watch;

/// The sizes of the stores that are scanned; larger than the pages of common backends.
const SIZES: [usize; 3] = [12, 300, 5_000];

/// How many scans are open at the same time.
const OPEN: usize = 32;

/// If scans are point-in-time, a scan shows the store as it was when [`scan`](BindingStore::scan) was
/// called: writes before the first binding is taken, in the middle and before the last one do not
/// show. Open scans do not block reads, writes or other scans, and may be dropped at any point.
///
/// # Panics
/// If a scan shows anything else, or a call does not return while a scan is open.
pub fn scans_show_the_instant_of_their_start<F: Fixture>() {
    watch::run::<F>("scans_show_the_instant_of_their_start", || {
        let fixtures = Fixtures::of::<F>();
        let capabilities = fixtures.capabilities();
        if !capabilities.writable || !capabilities.point_in_time_scan {
            return;
        }
        for size in SIZES.map(|size| size.min(fixtures.max_keys(&capabilities))) {
            point_in_time(fixtures, &capabilities, size);
        }
        many_open(fixtures, &capabilities);
    });
}

fn point_in_time(fixtures: Fixtures, capabilities: &Capabilities, size: usize) {
    let fixture = fixtures.create();
    let store = fixture.open();
    let most = fixtures.max_batch(capabilities);
    let mut keys = keys(capabilities, size + size / 4 + 1);
    keys.sort_by_cached_key(Rank::of);
    // Every fifth key is bound later.
    let is_later = |position: usize| position % 5 == 4;
    let first = keys
        .iter()
        .enumerate()
        .filter(|(position, _)| !is_later(*position));
    let inserts: Vec<_> = first.map(|(_, key)| Change::put(marked(key, 0))).collect();
    apply(&*store, &inserts, most);

    for (round, position) in [0, 1, 2, 41, size / 2, size - 1].into_iter().enumerate() {
        let before = all_bindings(&*store);
        let position = position.min(before.len() - 1);
        let mut scan = store.scan(&Scan::all()).expect("a scan starts");
        let mut found: Vec<Binding> = Vec::new();
        found.extend(
            scan.by_ref()
                .take(position)
                .map(|binding| binding.expect("a binding")),
        );
        // Some at the start, in the middle and at the end are removed, updated and inserted.
        let value = round as u128 + 1;
        let changes: Vec<_> = keys
            .iter()
            .enumerate()
            .filter_map(|(at, key)| match (at + round) % 5 {
                0 => Some(Change::put(marked(key, value))),
                1 => Some(
                    Change::new(key.clone(), certbind_core::Precondition::Any, None)
                        .expect("one key"),
                ),
                _ => None,
            })
            .collect();
        apply(&*store, &changes, most);
        let last = before.last().expect("bindings");
        store
            .put(marked(last.key(), value + 100))
            .expect("put while a scan is open");
        let read = store.get(last.key()).expect("get while a scan is open");
        require_eq!(
            Linearizable,
            read,
            Some(marked(last.key(), value + 100)),
            "get of what was written while a scan was open"
        );
        found.extend(scan.map(|binding| binding.expect("a binding")));
        require_eq!(
            Scans,
            found,
            before,
            "a scan of {} bindings, with writes after {position} of them",
            before.len()
        );
    }
}

fn apply(store: &dyn BindingStore, changes: &[Change], most: usize) {
    for changes in changes.chunks(most) {
        let batch = Batch::new(changes.to_vec()).expect("each key once");
        store.apply(&batch).expect("a batch");
    }
}

/// Each shows another state.
fn many_open(fixtures: Fixtures, capabilities: &Capabilities) {
    let fixture = fixtures.create();
    let store = fixture.open();
    let keys = keys(capabilities, OPEN);
    let mut scans = Vec::new();
    for key in &keys {
        scans.push(store.scan(&Scan::all()).expect("a scan starts"));
        store.put(marked(key, 1)).expect("put while scans are open");
    }
    for (written, mut scan) in scans.into_iter().enumerate() {
        if written % 3 == 2 {
            // Dropped in its middle.
            scan.next().expect("a binding").expect("a binding");
            continue;
        }
        require_eq!(
            Scans,
            scan.count(),
            written,
            "the bindings of one of {OPEN} open scans"
        );
    }
    store.put(marked(&keys[0], 2)).expect("put after the scans");
}

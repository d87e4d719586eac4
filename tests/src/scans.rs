//! Scans: order, ranges, cursors, and the instant that they show.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use certbind_core::{Batch, Binding, BindingKey, BindingStore, Capabilities, Change, Kind, Scan};
use proptest::collection::vec;

use crate::cases;
use crate::erased::{DynFixture, Fixtures, all_bindings, scan_all};
use crate::fixture::Fixture;
use crate::generate::{any_of, few};
use crate::guarantee::{require, require_eq};
use crate::model::Model;
use crate::operation::Operation;
use crate::order::{Query, Rank, query};
use crate::sample::{keys, marked, numbered, plain};
use crate::watch;

/// A scan returns the selected bindings in canonical order, each of them once: whole, by range, by
/// kind, and page by page from cursors, for ordinary keys and for odd ones. A read-only store is
/// checked with its existing contents.
///
/// # Panics
/// If it does not.
pub fn scans_are_ordered<F: Fixture>() {
    watch::run::<F>("scans_are_ordered", || ordered(Fixtures::of::<F>()));
}

fn ordered(fixtures: Fixtures) {
    let capabilities = fixtures.capabilities();
    random_scans(fixtures, &capabilities);
    if capabilities.writable {
        for kind in &capabilities.kinds {
            edges(&*fixtures.create(), *kind);
        }
        every_page(&*fixtures.create(), &capabilities);
    }
}

fn random_scans(fixtures: Fixtures, capabilities: &Capabilities) {
    let draw = few(capabilities).or(any_of(capabilities));
    let most = if capabilities.writable { 24 } else { 1 };
    let case = (
        vec(draw.binding, 0..most),
        vec(query(draw.key), 6),
        1..6_usize,
    );
    let config = cases::config(fixtures, "scans", 48);
    cases::check(config, &case, |(bindings, scans, page)| {
        let fixture = fixtures.create();
        let store = fixture.open();
        let mut model = Model::new(capabilities).holding(all_bindings(&*store));
        for batch in puts(bindings, capabilities) {
            let put = Operation::Apply(batch);
            require_eq!(
                Scans,
                put.perform(&*store),
                model.perform(&put),
                "{:?}",
                put
            );
        }
        let kinds = Kind::ALL.map(|kind| Query {
            kind: Some(kind),
            ..Query::ALL
        });
        for query in scans.into_iter().chain(kinds) {
            let (scan, expected) = (query.scan(), model.scan(&query));
            require_eq!(
                Scans,
                scan_all(&*store, &scan),
                expected,
                "a scan: {:?}",
                query
            );
            let paged = paged(&*store, &scan, page);
            require_eq!(
                Scans,
                paged,
                expected,
                "a scan by pages of {}: {:?}",
                page,
                query
            );
        }
        Ok(())
    });
}

/// Batches that put these bindings; for each key the last one wins.
fn puts(bindings: Vec<Binding>, capabilities: &Capabilities) -> Vec<Batch> {
    let last: HashMap<_, _> = bindings.into_iter().map(|b| (b.key().clone(), b)).collect();
    let changes: Vec<_> = last.into_values().map(Change::put).collect();
    let most = capabilities.max_batch.map_or(usize::MAX, usize::from);
    let batches = changes.chunks(most);
    batches
        .map(|changes| Batch::new(changes.to_vec()).expect("each key once"))
        .collect()
}

/// The same, by pages: each begins after the last key of the one before.
fn paged(store: &dyn BindingStore, scan: &Scan, page: usize) -> Vec<Binding> {
    let mut all: Vec<Binding> = Vec::new();
    loop {
        let rest = match all.last() {
            Some(last) => scan.clone().after(last.key().clone()),
            None => scan.clone(),
        };
        let begun = store.scan(&rest).expect("a scan begins");
        let next: Vec<_> = begun.take(page).collect::<Result<_, _>>().expect("a page");
        if next.is_empty() {
            return all;
        }
        if let (Some(last), Some(first)) = (all.last(), next.first()) {
            require!(
                Scans,
                Rank::of(last.key()) < Rank::of(first.key()),
                "behind {} a page begins at {}",
                last.key(),
                first.key()
            );
        }
        all.extend(next);
    }
}

/// Pages of every size return the same bindings as one scan.
fn every_page(fixture: &dyn DynFixture, capabilities: &Capabilities) {
    let store = fixture.open();
    let keys = keys(capabilities, 12);
    for key in &keys {
        store.put(plain(key)).expect("put");
    }
    let whole = all_bindings(&*store);
    require_eq!(Scans, whole.len(), keys.len(), "a scan has every key");
    for page in 1..=keys.len() + 1 {
        require_eq!(
            Scans,
            paged(&*store, &Scan::all(), page),
            whole,
            "a scan by pages of {page}"
        );
    }
}

/// Ranges that end where they begin, or before.
fn edges(fixture: &dyn DynFixture, kind: Kind) {
    let store = fixture.open();
    let mut keys = [1, 2, 3].map(|n| numbered(kind, n));
    keys.sort_by_cached_key(Rank::of);
    for key in &keys {
        store.put(plain(key)).expect("put");
    }
    let [low, middle, high] = [0, 1, 2].map(|i| &keys[i]);
    let at = |start: Bound<&BindingKey>, end: Bound<&BindingKey>| {
        let found = scan_all(&*store, &Scan::range((start.cloned(), end.cloned())));
        let keys = found.iter().map(|binding| binding.key().clone());
        keys.collect::<Vec<_>>()
    };
    use Bound::{Excluded, Included};
    let one = vec![middle.clone()];
    require_eq!(
        Scans,
        at(Included(middle), Included(middle)),
        one,
        "a range of one"
    );
    require_eq!(
        Scans,
        at(Included(low), Excluded(high)),
        keys[..2].to_vec(),
        "a range"
    );
    require_eq!(
        Scans,
        at(Excluded(low), Included(high)),
        keys[1..].to_vec(),
        "a range"
    );
    require_eq!(Scans, at(Excluded(low), Excluded(high)), one, "a range");
    for (start, end) in [
        (Included(high), Included(low)),
        (Excluded(high), Excluded(low)),
        (Excluded(middle), Excluded(middle)),
        (Included(middle), Excluded(middle)),
        (Excluded(middle), Included(middle)),
    ] {
        require_eq!(
            Scans,
            at(start, end),
            Vec::new(),
            "an empty range: {start:?} to {end:?}"
        );
    }
}

/// For any writes during a scan, it returns each binding that exists throughout, and none twice.
/// Where scans are point-in-time, it shows the instant at which it began.
///
/// # Panics
/// If it does not.
pub fn scans_are_stable<F: Fixture>() {
    watch::run::<F>("scans_are_stable", || stable(Fixtures::of::<F>()));
}

fn stable(fixtures: Fixtures) {
    let capabilities = fixtures.capabilities();
    if !capabilities.writable {
        return;
    }
    during_writes(&*fixtures.create(), &capabilities);
    if capabilities.point_in_time_scan {
        instant(&*fixtures.create(), &capabilities);
    }
}

/// Every other key is bound throughout, and the others are added and removed.
fn during_writes(fixture: &dyn DynFixture, capabilities: &Capabilities) {
    let store = fixture.open();
    let all = keys(capabilities, 24);
    let of_parity = |odd| {
        let keys = all.iter().skip(odd).step_by(2);
        keys.collect::<BTreeSet<_>>()
    };
    let (steady, fleeting) = (of_parity(0), of_parity(1));
    for key in &steady {
        store.put(plain(key)).expect("put");
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let fleeting: Vec<_> = fleeting.iter().collect();
            for round in (0..).take_while(|_| !over.load(Ordering::SeqCst)) {
                // Now at one end of the scan, now at the other.
                let key = fleeting[round * 7 % fleeting.len()];
                match store.get(key).expect("get") {
                    None => store.insert(marked(key, 1)).expect("insert"),
                    Some(_) => drop(store.remove(key).expect("remove")),
                }
            }
        });
        let stop = Over(&over);
        for _ in 0..cases::scaled(40) {
            let seen = all_bindings(&*store);
            let ranks: Vec<_> = seen.iter().map(|b| Rank::of(b.key())).collect();
            require!(
                Scans,
                ranks.is_sorted_by(|a, b| a < b),
                "beside a writer, a scan has each key once, in order: {seen:?}"
            );
            let keys: BTreeSet<_> = seen.iter().map(Binding::key).collect();
            let missed: Vec<_> = steady.difference(&keys).collect();
            require!(
                Scans,
                missed.is_empty(),
                "beside a writer, a scan missed {missed:?}"
            );
            for binding in &seen {
                let mark = u128::from(fleeting.contains(binding.key()));
                require_eq!(
                    Scans,
                    *binding,
                    marked(binding.key(), mark),
                    "as it was written"
                );
            }
        }
        drop(stop);
        writer.join().unwrap_or_else(|panic| resume_unwind(panic));
    });
}

/// Stops the writer when the reader ends, also by a panic.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A scan that has begun shows the state at its start, and does not block writers.
fn instant(fixture: &dyn DynFixture, capabilities: &Capabilities) {
    let store = fixture.open();
    let keys = keys(capabilities, 60);
    let (first, later) = keys.split_at(40);
    for key in first {
        store.put(plain(key)).expect("put");
    }
    let before = all_bindings(&*store);
    let mut begun = store.scan(&Scan::all()).expect("a scan begins");
    let mut seen = vec![begun.next().expect("40 bindings").expect("a binding")];
    for binding in &before[..10] {
        store.remove(binding.key()).expect("remove");
    }
    for binding in &before[30..] {
        store.update(marked(binding.key(), 1)).expect("update");
    }
    for key in later {
        store.insert(plain(key)).expect("insert");
    }
    seen.extend(begun.map(|binding| binding.expect("a binding")));
    require_eq!(Scans, seen, before, "a scan that began before the changes");
    require_eq!(
        Scans,
        all_bindings(&*store).len(),
        50,
        "a scan that begins after them"
    );
}

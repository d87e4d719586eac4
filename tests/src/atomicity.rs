//! A batch is atomic, also for concurrent readers.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use certbind_core::{Batch, BindingKey, BindingStore, Capabilities, Change};

use crate::cases;
use crate::erased::{Fixtures, all_bindings};
use crate::fixture::Fixture;
use crate::guarantee::{require, require_eq};
use crate::order::Rank;
use crate::sample::{keys, mark, marked};
use crate::watch;

/// How many batches are applied, for each of `CERTBIND_CASES`, and how often each reader has to look.
const BATCHES: u32 = 60;
const READS: u64 = 40;

/// A reader never sees a batch partly applied or a batch with a failing precondition, and never an
/// older state after a newer one. Where scans are not point-in-time, this applies to `get` alone;
/// where batches are not isolated, scans still return each key once, and the final state is
/// consistent.
///
/// # Panics
/// If a reader does.
pub fn batches_are_atomic<F: Fixture>() {
    watch::run::<F>("batches_are_atomic", || check(Fixtures::of::<F>()));
}

fn check(fixtures: Fixtures) {
    let fixture = fixtures.create();
    let store = fixture.open();
    let capabilities = store.capabilities();
    let most = capabilities.max_batch.map_or(16, |most| most.get().min(16));
    if !capabilities.writable || most < 2 {
        return;
    }
    let mut keys = keys(&capabilities, most);
    keys.sort_by_cached_key(Rank::of);
    let put_all = |id| keys.iter().map(move |key| Change::put(marked(key, id)));
    let batch = |changes: Vec<Change>| Batch::new(changes).expect("each key once");
    let first = batch(put_all(0).collect());
    store.apply(&first).expect("the first batch");

    let watch = Watch::default();
    let write = || {
        let _over = watch.writing();
        for id in (1..).take_while(|id| !watch.is_enough(*id)) {
            let mut changes: Vec<_> = put_all(id).collect();
            if fails(id) {
                let middle = keys.len() / 2;
                changes[middle] = Change::insert(marked(&keys[middle], id));
            }
            let result = match id.is_multiple_of(2) {
                true => store.apply(&batch(changes)).map(drop),
                false => store.bulk_load(&mut changes.into_iter().map(Ok)).map(drop),
            };
            require_eq!(Atomic, result.is_err(), fails(id), "{result:?}");
        }
    };
    let scan = |reader| {
        watch.read(reader, |last| {
            scan_all(&*store, &capabilities, keys.len(), last)
        });
    };
    let get = |reader| {
        watch.read(reader, |last| get_each(&*store, &capabilities, &keys, last));
    };
    thread::scope(|scope| {
        let threads = [
            scope.spawn(write),
            scope.spawn(|| scan(0)),
            scope.spawn(|| scan(1)),
            scope.spawn(|| get(2)),
        ];
        for thread in threads {
            // The message of the panic, which the scope itself would not report.
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
    // Where batches can be observed partly applied, the final state at least is consistent.
    let marks: BTreeSet<_> = all_bindings(&*store).iter().map(mark).collect();
    require_eq!(
        Atomic,
        marks.len(),
        1,
        "the last batch is there whole: {marks:?}"
    );
}

/// Every third batch has a violated precondition in its middle.
fn fails(id: u128) -> bool {
    id != 0 && id.is_multiple_of(3)
}

/// Scans, and returns the batch that it saw.
fn scan_all(
    store: &dyn BindingStore,
    capabilities: &Capabilities,
    keys: usize,
    last: u128,
) -> u128 {
    let seen = all_bindings(store);
    require!(
        Atomic,
        seen.is_sorted_by(|a, b| a.key() < b.key()),
        "a scan has each key once, in order: {seen:?}"
    );
    let marks: BTreeSet<u128> = seen.iter().map(mark).collect();
    if capabilities.isolated_batch {
        let failed = marks.iter().find(|id| fails(**id));
        require_eq!(
            Atomic,
            failed.copied(),
            None,
            "a scan saw a batch that failed"
        );
    }
    if !capabilities.isolated_batch || !capabilities.point_in_time_scan {
        return last;
    }
    require_eq!(Atomic, seen.len(), keys, "a scan has every key");
    require_eq!(
        Atomic,
        marks.len(),
        1,
        "a batch was seen half applied: {marks:?}"
    );
    let id = mark(&seen[0]);
    require!(Atomic, id >= last, "time goes back: {last}, then {id}");
    id
}

/// Gets one key after the other, and returns the batch that it saw last.
fn get_each(
    store: &dyn BindingStore,
    capabilities: &Capabilities,
    keys: &[BindingKey],
    mut last: u128,
) -> u128 {
    for key in keys {
        let found = store.get(key).expect("get");
        let id = mark(&found.expect("a key that is always bound"));
        if capabilities.isolated_batch {
            require!(Atomic, !fails(id), "get saw a batch that failed: {id}");
            require!(
                Atomic,
                id >= last,
                "a batch was seen in part, or time goes back: {last}, then {id}"
            );
        }
        last = id;
    }
    last
}

/// Lets the readers read until the writer is done, and the writer write until they have read often
/// enough.
#[derive(Default)]
struct Watch {
    over: AtomicBool,
    /// Of each reader.
    looks: [AtomicU64; 3],
}

impl Watch {
    fn is_enough(&self, id: u128) -> bool {
        let looked = |looks: &AtomicU64| looks.load(Ordering::SeqCst) >= READS;
        id > u128::from(cases::scaled(BATCHES)) && self.looks.iter().all(looked)
    }

    /// Signals the readers, when it is dropped, that the writer has ended, also by a panic.
    fn writing(&self) -> impl Drop {
        struct Over<'a>(&'a AtomicBool);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        Over(&self.over)
    }

    fn read(&self, reader: usize, look: impl Fn(u128) -> u128) {
        /// Prevents the writer from waiting for a reader that has ended, also by a panic.
        struct Gone<'a>(&'a AtomicU64);
        impl Drop for Gone<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(READS, Ordering::SeqCst);
            }
        }
        let looks = &self.looks[reader];
        let _gone = Gone(looks);
        let mut last = 0;
        while !self.over.load(Ordering::SeqCst) {
            last = look(last);
            looks.fetch_add(1, Ordering::SeqCst);
        }
    }
}

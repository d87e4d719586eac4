//! The source of a bulk load is the caller's code: it reads the store, and it panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use certbind_core::{BindingKey, BindingStore, Change, Result};

use crate::erased::{Fixtures, all_bindings};
use crate::fixture::Fixture;
use crate::guarantee::{require, require_eq};
use crate::order::Rank;
use crate::sample::{keys, marked};
use crate::watch;

/// The largest bulk load of this check.
const SIZE: usize = 600;

/// The source of a bulk load may get and scan on the same store, and sees the bindings from before
/// the load where batches are isolated. If it panics the panic is passed on, nothing is changed, and
/// the store works as before.
///
/// # Panics
/// If a store behaves differently.
pub fn bulk_load_sources_may_read_and_panic<F: Fixture>() {
    watch::run::<F>("bulk_load_sources_may_read_and_panic", || {
        let fixtures = Fixtures::of::<F>();
        let capabilities = fixtures.capabilities();
        if !capabilities.writable {
            return;
        }
        let fixture = fixtures.create();
        let mut store = fixture.open();
        let size = fixtures.max_batch(&capabilities).min(SIZE);
        let mut keys = keys(&capabilities, size + 1);
        keys.sort_by_cached_key(Rank::of);
        // The first key is bound before the load.
        store.put(marked(&keys[0], 1)).expect("put");
        let before = all_bindings(&*store);
        let keys = &keys[..size];

        reads(&*store, keys, capabilities.isolated_batch);
        let loaded = all_bindings(&*store);
        let expected: Vec<_> = keys.iter().map(|key| marked(key, 2)).collect();
        require_eq!(
            Atomic,
            loaded,
            expected,
            "after a bulk load whose source reads"
        );

        for key in &keys[1..] {
            store.remove(key).expect("remove");
        }
        store.put(before[0].clone()).expect("put");
        panics(&*store, keys);
        require_eq!(
            Atomic,
            all_bindings(&*store),
            before,
            "after a bulk load whose source panicked"
        );
        if capabilities.durable {
            drop(store);
            store = fixture.open();
            require_eq!(
                Atomic,
                all_bindings(&*store),
                before,
                "after a bulk load whose source panicked, and reopening"
            );
        }
        store.put(marked(&keys[0], 3)).expect("put after a panic");
        store.remove(&keys[0]).expect("remove after a panic");
        require_eq!(
            Atomic,
            all_bindings(&*store),
            Vec::new(),
            "after a panic, the store works"
        );
    });
}

/// Loads each key, and reads in the source before each change.
fn reads(store: &dyn BindingStore, keys: &[BindingKey], isolated: bool) {
    let before = store.get(&keys[0]).expect("get");
    let mut position = 0;
    let mut source = std::iter::from_fn(|| {
        let key = keys.get(position)?;
        // Reading the whole store for each change would take long.
        if position.is_power_of_two() || position + 1 == keys.len() {
            let first = match store.get(&keys[0]) {
                Ok(found) => found,
                Err(error) => return Some(Err(error)),
            };
            let scanned = match store
                .scan(&certbind_core::Scan::all())
                .and_then(Iterator::collect)
            {
                Ok(scanned) => scanned,
                Err(error) => return Some(Err(error)),
            };
            if isolated {
                require_eq!(Atomic, first, before, "get in the source of a bulk load");
                let expected: Vec<_> = before.iter().cloned().collect();
                let scanned: Vec<_> = scanned;
                require_eq!(
                    Atomic,
                    scanned,
                    expected,
                    "a scan in the source of a bulk load"
                );
            }
        }
        position += 1;
        Some(Ok(Change::put(marked(key, 2))))
    });
    let result = store.bulk_load(&mut source);
    require!(
        Errors,
        matches!(result, Ok(loaded) if loaded == keys.len() as u64),
        "a bulk load of {} changes whose source reads: {result:?}",
        keys.len()
    );
}

/// Loads each key, and panics at the last.
fn panics(store: &dyn BindingStore, keys: &[BindingKey]) {
    /// Distinguished from every other panic by its type.
    struct Panic;
    let last = keys.len() - 1;
    let mut source = keys
        .iter()
        .enumerate()
        .map(|(position, key)| -> Result<Change> {
            if position == last {
                std::panic::resume_unwind(Box::new(Panic));
            }
            Ok(Change::put(marked(key, 4)))
        });
    let result = catch_unwind(AssertUnwindSafe(|| store.bulk_load(&mut source)));
    let is_ours = result.as_ref().is_err_and(|panic| panic.is::<Panic>());
    require!(
        Errors,
        is_ours,
        "a bulk load whose source panics must pass the panic on, but returned {:?}",
        result.map_err(|_| "another panic")
    );
}

//! Errors change nothing, and contain the key and the value found.

use certbind_core::{Batch, Binding, BindingStore, Change, Precondition, StoreError};

use crate::erased::{Fixtures, all_bindings};
use crate::fixture::Fixture;
use crate::guarantee::{require, require_eq};
use crate::operation::{Operation, Response};
use crate::sample::{marked, numbered};
use crate::watch;

/// Every operation that fails, alone or in a batch, at its beginning, in its middle or at its end,
/// returns the specified error, with the key and the binding found there; and the contents of the
/// store stay unchanged.
///
/// # Panics
/// If an operation violates this.
pub fn errors_change_nothing<F: Fixture>() {
    watch::run::<F>("errors_change_nothing", || check(Fixtures::of::<F>()));
}

fn check(fixtures: Fixtures) {
    let fixture = fixtures.create();
    let store = fixture.open();
    let capabilities = store.capabilities();
    if !capabilities.writable {
        return;
    }
    let most = capabilities.max_batch.map_or(3, usize::from);
    for kind in &capabilities.kinds {
        // In this order a bulk load reaches a valid change before the failing one.
        let [other, bound, free, new] = [1, 2, 3, 4].map(|n| numbered(*kind, n));
        let (held, wrong) = (marked(&bound, 1), marked(&bound, 2));
        for binding in [held.clone(), marked(&other, 3)] {
            store.put(binding).expect("put");
        }
        let before = all_bindings(&*store);
        for (failing, response) in failures(&held, &wrong, &marked(&free, 4)) {
            require_eq!(Errors, failing.perform(&*store), response, "{failing}");
            unchanged(&*store, &before, &failing);
            // A valid change comes before the failing one and another after it.
            for position in 0..3.min(most) {
                let mut changes = vec![
                    Change::put(marked(&other, 5)),
                    Change::insert(marked(&new, 5)),
                ];
                changes.truncate(most - 1);
                changes.splice(position..position, failing.changes());
                let load = Operation::load(changes.clone());
                let batch = Operation::Apply(Batch::new(changes).expect("each key once"));
                for operation in [batch, load] {
                    require_eq!(Errors, operation.perform(&*store), response, "{operation}");
                    unchanged(&*store, &before, &operation);
                }
            }
        }
        loads_that_end_early(&*store, &marked(&free, 4), &marked(&new, 5));
        require_eq!(
            Errors,
            all_bindings(&*store),
            before,
            "no load has come to its end"
        );
        if most >= 2 {
            first_of_two(&*store, &held, &marked(&free, 4));
            require_eq!(
                Errors,
                all_bindings(&*store),
                before,
                "two failures change nothing"
            );
        }
    }
}

/// The operations that fail while `held` is bound and `free` is not, and their errors.
fn failures(held: &Binding, wrong: &Binding, free: &Binding) -> Vec<(Operation, Response)> {
    let exists = Response::AlreadyExists {
        key: held.key().clone(),
        found: Some(held.clone()),
    };
    let not_found = Response::NotFound {
        key: free.key().clone(),
    };
    let conflict = |expected: &Binding, found: Option<&Binding>| Response::Conflict {
        key: expected.key().clone(),
        expected: expected.clone(),
        found: found.cloned(),
    };
    let swap = |at: &Binding, expected: Option<&Binding>, new: Option<&Binding>| {
        Operation::CompareAndSwap {
            key: at.key().clone(),
            expected: expected.cloned(),
            new: new.cloned(),
        }
    };
    let absent = Change::new(held.key().clone(), Precondition::Absent, None).expect("one key");
    let present = Change::new(
        free.key().clone(),
        Precondition::Present,
        Some(free.clone()),
    );
    vec![
        (Operation::Insert(wrong.clone()), exists.clone()),
        (Operation::Insert(held.clone()), exists.clone()),
        (Operation::Update(free.clone()), not_found.clone()),
        (Operation::Remove(free.key().clone()), not_found.clone()),
        (swap(held, None, Some(wrong)), exists.clone()),
        (
            swap(held, Some(wrong), Some(wrong)),
            conflict(wrong, Some(held)),
        ),
        (swap(held, Some(wrong), None), conflict(wrong, Some(held))),
        (swap(free, Some(free), Some(free)), conflict(free, None)),
        (swap(free, Some(free), None), conflict(free, None)),
        (Operation::Apply(absent.into()), exists),
        (
            Operation::Apply(present.expect("one key").into()),
            not_found,
        ),
    ]
}

/// Nothing is loaded where an error is among the changes, or a change is out of order.
fn loads_that_end_early(store: &dyn BindingStore, first: &Binding, second: &Binding) {
    let put = |binding: &Binding| Ok(Change::put(binding.clone()));
    let mut broken = [put(first), Err(StoreError::ReadOnly)].into_iter();
    let response = store.bulk_load(&mut broken);
    require!(
        Errors,
        matches!(response, Err(StoreError::ReadOnly)),
        "{response:?}"
    );
    for (last, next) in [(first, first), (second, first)] {
        let response = store.bulk_load(&mut [put(last), put(next)].into_iter());
        let Err(StoreError::Invalid { key, .. }) = &response else {
            panic!("out of order: {response:?}");
        };
        require!(
            Errors,
            key.as_ref() == Some(next.key()),
            "out of order: the error names {key:?}"
        );
    }
}

/// Of two violated preconditions, the first is reported.
fn first_of_two(store: &dyn BindingStore, held: &Binding, free: &Binding) {
    let exists = Response::AlreadyExists {
        key: held.key().clone(),
        found: Some(held.clone()),
    };
    let not_found = Response::NotFound {
        key: free.key().clone(),
    };
    let (insert, remove) = (
        Change::insert(held.clone()),
        Change::remove(free.key().clone()),
    );
    for (changes, response) in [
        ([insert.clone(), remove.clone()], exists),
        ([remove, insert], not_found),
    ] {
        let batch = Operation::Apply(Batch::new(changes).expect("each key once"));
        require_eq!(
            Errors,
            batch.perform(store),
            response,
            "the first of two: {batch}"
        );
    }
}

fn unchanged(store: &dyn BindingStore, before: &[Binding], after: &Operation) {
    require_eq!(
        Errors,
        all_bindings(store)[..],
        *before,
        "{after} was refused"
    );
}

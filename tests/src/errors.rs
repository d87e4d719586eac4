//! Errors change nothing, and say which key and what was found.

use certbind_core::{Batch, Binding, BindingStore, Change, Precondition, StoreError};

use crate::operation::{Answer, Operation};
use crate::sample::{marked, numbered};
use crate::subject::{Places, Subject, everything};

/// Whatever fails, alone or in a batch, at its beginning, in its middle or at its end, is refused
/// with the error that is meant for it; that names the key and has what was found there; and the
/// store holds what it held.
///
/// # Panics
/// If it is otherwise.
pub fn errors_change_nothing<S: Subject>() {
    let place = Places::of::<S>().new_place();
    let store = place.open();
    let capabilities = store.capabilities();
    if !capabilities.writable {
        return;
    }
    let most = capabilities.max_batch.map_or(3, usize::from);
    for kind in &capabilities.kinds {
        // In this order a load comes to something that would do before it comes to what fails.
        let [other, bound, free, new] = [1, 2, 3, 4].map(|n| numbered(*kind, n));
        let (held, wrong) = (marked(&bound, 1), marked(&bound, 2));
        for binding in [held.clone(), marked(&other, 3)] {
            store.put(binding).expect("put");
        }
        let before = everything(&*store);
        for (failing, answer) in failures(&held, &wrong, &marked(&free, 4)) {
            assert_eq!(failing.perform(&*store), answer, "{failing}");
            unchanged(&*store, &before, &failing);
            // One that would do goes before it and another behind it.
            for place in 0..3.min(most) {
                let mut changes = vec![
                    Change::put(marked(&other, 5)),
                    Change::insert(marked(&new, 5)),
                ];
                changes.truncate(most - 1);
                changes.splice(place..place, failing.changes());
                let load = Operation::load(changes.clone());
                let batch = Operation::Apply(Batch::new(changes).expect("each key once"));
                for operation in [batch, load] {
                    assert_eq!(operation.perform(&*store), answer, "{operation}");
                    unchanged(&*store, &before, &operation);
                }
            }
        }
        loads_that_end_early(&*store, &marked(&free, 4), &marked(&new, 5));
        assert_eq!(everything(&*store), before, "no load has come to its end");
        if most >= 2 {
            first_of_two(&*store, &held, &marked(&free, 4));
            assert_eq!(everything(&*store), before, "two failures change nothing");
        }
    }
}

/// What fails while `held` is bound and `free` is not, and how.
fn failures(held: &Binding, wrong: &Binding, free: &Binding) -> Vec<(Operation, Answer)> {
    let exists = Answer::AlreadyExists {
        key: held.key().clone(),
        found: Some(held.clone()),
    };
    let not_found = Answer::NotFound {
        key: free.key().clone(),
    };
    let conflict = |expected: &Binding, found: Option<&Binding>| Answer::Conflict {
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
    let answer = store.bulk_load(&mut broken);
    assert!(matches!(answer, Err(StoreError::ReadOnly)), "{answer:?}");
    for (last, next) in [(first, first), (second, first)] {
        let answer = store.bulk_load(&mut [put(last), put(next)].into_iter());
        let Err(StoreError::Invalid { key, .. }) = &answer else {
            panic!("out of order: {answer:?}");
        };
        assert_eq!(key.as_ref(), Some(next.key()));
    }
}

/// Of two preconditions that do not hold, the first is told.
fn first_of_two(store: &dyn BindingStore, held: &Binding, free: &Binding) {
    let exists = Answer::AlreadyExists {
        key: held.key().clone(),
        found: Some(held.clone()),
    };
    let not_found = Answer::NotFound {
        key: free.key().clone(),
    };
    let (insert, remove) = (
        Change::insert(held.clone()),
        Change::remove(free.key().clone()),
    );
    for (changes, answer) in [
        ([insert.clone(), remove.clone()], exists),
        ([remove, insert], not_found),
    ] {
        let batch = Operation::Apply(Batch::new(changes).expect("each key once"));
        assert_eq!(batch.perform(store), answer, "the first of two: {batch}");
    }
}

fn unchanged(store: &dyn BindingStore, before: &[Binding], after: &Operation) {
    assert_eq!(everything(store), before, "{after} was refused");
}

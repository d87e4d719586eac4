//! A store that is opened twice is one store, or the second opening is refused.

use std::thread;

use certbind_core::{BindingKey, BindingStore, Capabilities, StoreError};

use crate::erased::{DynFixture, Fixtures, all_bindings};
use crate::fixture::Fixture;
use crate::guarantee::{require, require_eq};
use crate::model::Model;
use crate::operation::{Operation, Response};
use crate::sample::{keys, mark, marked};
use crate::watch;

/// How many changes each handle makes.
const CHANGES: usize = 50;

/// While a durable store is open, opening it again is refused with [`StoreError::InUse`], or both
/// handles are one store: each sees the changes of the other, and changes through both lose nothing.
///
/// # Panics
/// If a store behaves differently.
pub fn second_handles_share_the_store<F: Fixture>() {
    watch::run::<F>("second_handles_share_the_store", || {
        let fixtures = Fixtures::of::<F>();
        let fixture = fixtures.create();
        let first = fixture.open();
        let capabilities = first.capabilities();
        if !capabilities.durable {
            return;
        }
        match fixture.try_open() {
            Err(StoreError::InUse { .. }) => refused(&*fixture, first, &capabilities),
            Err(error) => {
                require!(
                    Unique,
                    false,
                    "a second opening is refused with the error InUse; found {error:?}"
                );
            }
            Ok(second) if capabilities.writable => {
                shared(&*fixture, [first, second], &capabilities);
            }
            Ok(second) => {
                let (found, expected) = (all_bindings(&*second), all_bindings(&*first));
                require_eq!(Linearizable, found, expected, "a scan by the second handle");
            }
        }
    });
}

/// The refused opening harms nothing, and the store opens after the first handle was dropped.
fn refused(fixture: &dyn DynFixture, first: Box<dyn BindingStore>, capabilities: &Capabilities) {
    let mut expected = all_bindings(&*first);
    if capabilities.writable {
        let binding = marked(&keys(capabilities, 1)[0], 1);
        first.put(binding.clone()).expect("put after the refusal");
        expected = vec![binding];
    }
    require_eq!(
        Durable,
        all_bindings(&*first),
        expected,
        "after a second opening was refused"
    );
    drop(first);
    let again = fixture.open();
    require_eq!(
        Durable,
        all_bindings(&*again),
        expected,
        "after both handles were closed"
    );
}

fn shared(
    fixture: &dyn DynFixture,
    stores: [Box<dyn BindingStore>; 2],
    capabilities: &Capabilities,
) {
    let keys = keys(capabilities, 2 * CHANGES + 1);
    let (counter, rest) = keys.split_last().expect("keys");
    let mut model = Model::new(capabilities);
    // In turns: one handle reads the values that the other has written.
    for (round, key) in rest.iter().take(8).enumerate() {
        let put = Operation::Put(marked(key, 1));
        let (writer, reader) = (&*stores[round % 2], &*stores[(round + 1) % 2]);
        require_eq!(
            Linearizable,
            put.perform(writer),
            model.perform(&put),
            "put by one handle"
        );
        let expected = Some(marked(key, 1));
        let found = reader.get(key).expect("get");
        require_eq!(Linearizable, found, expected, "get by the other handle");
        require_eq!(
            Linearizable,
            all_bindings(reader),
            model.all_bindings(),
            "a scan by the other handle"
        );
    }
    // At the same time: neither loses the other's writes.
    stores[0].put(marked(counter, 0)).expect("put");
    let (one, other) = rest.split_at(CHANGES);
    thread::scope(|scope| {
        for (store, own) in stores.iter().zip([one, other]) {
            scope.spawn(move || change(&**store, own, counter));
        }
    });
    let mut expected = Model::new(capabilities);
    for key in rest {
        expected.perform(&Operation::Put(marked(key, 2)));
    }
    expected.perform(&Operation::Put(marked(counter, 2 * CHANGES as u128)));
    for store in &stores {
        require_eq!(
            Atomic,
            all_bindings(&**store),
            expected.all_bindings(),
            "{CHANGES} changes and {CHANGES} increments by each of two handles"
        );
    }
    drop(stores);
    let again = fixture.open();
    require_eq!(
        Durable,
        all_bindings(&*again),
        expected.all_bindings(),
        "the changes of two handles, after both were closed"
    );
}

/// Writes the keys, and adds to a counter by compare-and-swap.
fn change(store: &dyn BindingStore, own: &[BindingKey], counter: &BindingKey) {
    for key in own {
        store.put(marked(key, 2)).expect("put");
        loop {
            let found = store.get(counter).expect("get").expect("the counter");
            let swap = Operation::CompareAndSwap {
                key: counter.clone(),
                new: Some(marked(counter, mark(&found) + 1)),
                expected: Some(found),
            };
            match swap.perform(store) {
                Response::Done => break,
                Response::Conflict { .. } => {}
                other => panic!("an increment: {other}"),
            }
        }
    }
}

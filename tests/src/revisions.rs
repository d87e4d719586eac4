//! Revisions grow.

use certbind_core::{Batch, BindingStore, Change};

use crate::erased::Fixtures;
use crate::fixture::Fixture;
use crate::guarantee::require;
use crate::sample::{keys, marked};
use crate::watch;

/// If a store numbers its revisions, each change of one caller has a greater number than the one
/// before, also after the store was reopened, and no change lacks a number.
///
/// # Panics
/// If a store behaves differently.
pub fn revisions_grow<F: Fixture>() {
    watch::run::<F>("revisions_grow", || {
        let fixtures = Fixtures::of::<F>();
        let capabilities = fixtures.capabilities();
        if !capabilities.writable {
            return;
        }
        let fixture = fixtures.create();
        let mut store = fixture.open();
        let keys = keys(&capabilities, 3);
        let mut last = None;
        for round in 1..=4 {
            for change in [
                Change::put(marked(&keys[0], round)),
                Change::put(marked(&keys[1], round)),
                Change::remove(keys[1].clone()),
                Change::update(marked(&keys[0], round + 100)),
            ] {
                let revision = apply(&*store, change);
                // `None` throughout: the store does not number its revisions.
                let grows = match (last, revision) {
                    (None, _) | (Some(None), None) => true,
                    (Some(last), revision) => last.is_some() && last < revision,
                };
                require!(
                    Linearizable,
                    grows,
                    "the revision of a change: expected more than {:?}, found {revision:?} (round \
                     {round}, the store was reopened after each)",
                    last.flatten()
                );
                last = Some(revision);
            }
            if capabilities.durable {
                drop(store);
                store = fixture.open();
            }
        }
    });
}

fn apply(store: &dyn BindingStore, change: Change) -> Option<u64> {
    let batch = Batch::from(change);
    store.apply(&batch).expect("a change").revision()
}

//! Stores that perform the operation, but report a wrong result.

use certbind_core::{
    Applied, Batch, Binding, BindingStore, MemoryStore, Precondition, Result, StoreError,
};

use crate::seeded::{Fault, batch, blind};

/// Reports for each change that the key was not bound before.
#[derive(Default)]
pub(crate) struct ForgetsThePreviousBinding;

impl Fault for ForgetsThePreviousBinding {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(batch)?;
        // As the same changes look to an empty store.
        MemoryStore::new().apply(&blind(batch))
    }
}

#[derive(Default)]
pub(crate) struct SwallowsErrors;

impl Fault for SwallowsErrors {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        match store.apply(batch) {
            Err(StoreError::AlreadyExists { .. }) => Ok(Applied::default()),
            result => result,
        }
    }
}

#[derive(Default)]
pub(crate) struct ForgetsTheFoundBinding;

impl Fault for ForgetsTheFoundBinding {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(batch).map_err(|error| match error {
            StoreError::Conflict { key, expected, .. } => StoreError::Conflict {
                key,
                expected,
                found: None,
            },
            other => other,
        })
    }
}

/// Reports to the second of two inserts that its own binding is the existing one.
#[derive(Default)]
pub(crate) struct ReportsItsOwnBindingToTheLoser;

impl Fault for ReportsItsOwnBindingToTheLoser {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(batch).map_err(|error| match error {
            StoreError::AlreadyExists { key, .. } => {
                let own = batch.changes().iter().find(|change| *change.key() == key);
                let own: Option<&Binding> = own.and_then(|change| change.new_value());
                StoreError::AlreadyExists {
                    key,
                    found: own.cloned().map(Box::new),
                }
            }
            other => other,
        })
    }
}

/// Names the first key of the batch, whichever it was that failed.
#[derive(Default)]
pub(crate) struct BlamesAnotherKey;

impl Fault for BlamesAnotherKey {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(batch).map_err(|error| match error {
            StoreError::NotFound { .. } => StoreError::NotFound {
                key: batch.changes()[0].key().clone(),
            },
            other => other,
        })
    }
}

/// Checks preconditions from the last to the first.
#[derive(Default)]
pub(crate) struct ReportsTheLastFailure;

impl Fault for ReportsTheLastFailure {
    fn apply(&self, store: &MemoryStore, of: &Batch) -> Result<Applied> {
        batch(of.changes().iter().rev().cloned()).check(|key| store.get(key))?;
        store.apply(of)
    }
}

/// Reports the conflict of a precondition on an exact binding, where the key is not bound, as "not
/// found".
#[derive(Default)]
pub(crate) struct MistakesNotFound;

impl Fault for MistakesNotFound {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(batch).map_err(|error| match error {
            StoreError::Conflict {
                key, found: None, ..
            } => {
                let exact = batch.changes().iter().any(|change| {
                    *change.key() == key
                        && matches!(change.precondition(), Precondition::Exactly(_))
                });
                assert!(exact, "a conflict is of a binding that was expected");
                StoreError::NotFound { key }
            }
            other => other,
        })
    }
}

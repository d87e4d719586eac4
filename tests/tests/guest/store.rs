//! A store on a host that belongs to others.

use std::sync::Arc;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Change,
    Precondition, Result, Scan, StoreError,
};

use crate::names::{Names, is_a_guests};

/// The bindings of a guest alone, under the names that the suite gives them. The underlying store
/// is responsible for uniqueness, atomicity, order and durability.
pub(crate) struct Guest<S> {
    store: S,
    names: Arc<Names>,
}

impl<S: BindingStore> Guest<S> {
    pub(crate) fn new(store: S, names: Arc<Names>) -> Self {
        Self { store, names }
    }

    fn change(&self, change: &Change) -> Result<Change> {
        let expect = match change.precondition() {
            Precondition::Exactly(binding) => {
                Precondition::Exactly(Box::new(self.names.binding(binding)))
            }
            other => other.clone(),
        };
        let becomes = change
            .new_value()
            .map(|binding| self.names.binding(binding));
        Change::new(self.names.key(change.key()), expect, becomes)
    }

    /// The host's error, with the suite's names.
    fn error(&self, error: StoreError, batch: &Batch) -> StoreError {
        let suites = |key: &BindingKey| {
            let mut keys = batch.changes().iter().map(Change::key);
            keys.find(|ours| self.names.key(ours) == *key).cloned()
        };
        let found = |found: Option<Box<Binding>>| found.map(|b| Box::new(self.names.suites(&b)));
        match error {
            StoreError::AlreadyExists { key, found: host } => StoreError::AlreadyExists {
                key: suites(&key).unwrap_or(key),
                found: found(host),
            },
            StoreError::NotFound { key } => StoreError::NotFound {
                key: suites(&key).unwrap_or(key),
            },
            StoreError::Conflict {
                key,
                expected,
                found: host,
            } => StoreError::Conflict {
                key: suites(&key).unwrap_or(key),
                expected: Box::new(self.names.suites(&expected)),
                found: found(host),
            },
            other => other,
        }
    }
}

impl<S: BindingStore> BindingStore for Guest<S> {
    fn capabilities(&self) -> Capabilities {
        // The names of the bindings are known to this process only.
        self.store.capabilities().with_multi_process(false)
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        let found = self.store.get(&self.names.key(key))?;
        Ok(found.map(|host| self.names.suites(&host)))
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let mut found = Vec::new();
        for host in self.store.scan(&Scan::all())? {
            let host = host?;
            if is_a_guests(&host) {
                found.push(self.names.suites(&host));
            }
        }
        found.retain(|binding| scan.contains(binding.key()));
        found.sort_by(|a, b| a.key().cmp(b.key()));
        Ok(Bindings::new(found.into_iter().map(Ok)))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let changes = batch.changes().iter().map(|change| self.change(change));
        let changes = Batch::new(changes.collect::<Result<Vec<_>>>()?)?;
        let applied = self.store.apply(&changes);
        let applied = applied.map_err(|error| self.error(error, batch))?;
        let mut outcomes = applied.outcomes().iter();
        batch.check(|_| {
            let outcome = outcomes.next().expect("an outcome for each change");
            Ok(outcome.before.as_ref().map(|b| self.names.suites(b)))
        })
    }
}

//! What a store has to do, in the plainest form: the model that every store is compared with.
//!
//! It is written apart from `MemoryStore` and `Batch::check` on purpose.

use std::collections::BTreeMap;

use store_core::{Applied, Batch, Binding, BindingKey, CertHash, Expect, Scan, StoreError};

/// The bindings that a store has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Model(BTreeMap<BindingKey, Binding>);

/// What an operation has to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What each key held before and holds now.
    Applied(Vec<(BindingKey, Option<Binding>, Option<Binding>)>),
    /// The key was bound, to this.
    AlreadyExists(BindingKey, Binding),
    /// The key was not bound.
    NotFound(BindingKey),
    /// The key held the second where the first was expected.
    Conflict(BindingKey, Binding, Option<Binding>),
    /// Something else went wrong: no model answers so.
    Other(String),
}

impl Model {
    pub(crate) fn get(&self, key: &BindingKey) -> Option<&Binding> {
        self.0.get(key)
    }

    pub(crate) fn everything(&self) -> Vec<Binding> {
        self.0.values().cloned().collect()
    }

    /// The keys in the order that bytes give them must be that of the model: a store cannot agree
    /// with itself alone on an order.
    pub(crate) fn scan(&self, scan: &Scan) -> Vec<Binding> {
        let asked = |binding: &&Binding| scan.contains(binding.key());
        self.0.values().filter(asked).cloned().collect()
    }

    pub(crate) fn apply(&mut self, batch: &Batch) -> Answer {
        let mut after = self.0.clone();
        let mut outcomes = Vec::new();
        for change in batch.changes() {
            let key = change.key().clone();
            let found = self.0.get(&key).cloned();
            match (change.expect(), &found) {
                (Expect::Absent, Some(found)) => return Answer::AlreadyExists(key, found.clone()),
                (Expect::Present, None) => return Answer::NotFound(key),
                (Expect::Exactly(expected), found) if found.as_ref() != Some(expected) => {
                    return Answer::Conflict(key, (**expected).clone(), found.clone());
                }
                _ => {}
            }
            match change.becomes() {
                Some(binding) => after.insert(key.clone(), binding.clone()),
                None => after.remove(&key),
            };
            outcomes.push((key, found, change.becomes().cloned()));
        }
        self.0 = after;
        Answer::Applied(outcomes)
    }

    pub(crate) fn rotate(&mut self, old: &CertHash, new: &CertHash) -> Answer {
        let mut outcomes = Vec::new();
        for (key, binding) in &mut self.0 {
            let before = binding.clone();
            let mut record = before.record().clone();
            match &mut record.certificate {
                Some(certificate) if certificate.hash == *old => certificate.hash = *new,
                _ => continue,
            }
            *binding = before
                .clone()
                .with_record(record)
                .expect("the same kind of record");
            outcomes.push((key.clone(), Some(before), Some(binding.clone())));
        }
        Answer::Applied(outcomes)
    }
}

impl Answer {
    /// What a store answered.
    pub(crate) fn of(result: Result<Applied, StoreError>) -> Self {
        match result {
            Ok(applied) => Self::Applied(
                applied
                    .outcomes()
                    .iter()
                    .map(|o| (o.key.clone(), o.before.clone(), o.after.clone()))
                    .collect(),
            ),
            Err(StoreError::AlreadyExists {
                key,
                found: Some(found),
            }) => Self::AlreadyExists(key, *found),
            Err(StoreError::NotFound { key }) => Self::NotFound(key),
            Err(StoreError::Conflict {
                key,
                expected,
                found,
            }) => Self::Conflict(key, *expected, found.map(|found| *found)),
            Err(error) => Self::Other(format!("{error:?}")),
        }
    }
}

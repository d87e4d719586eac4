//! The model that every store is compared with: the required behaviour in the simplest form.
//!
//! It is written apart from `MemoryStore`, `Batch::check`, `Applied::inverse` and the provided
//! methods of the trait on purpose, so that a defect in code that backends share is found too.

use std::collections::BTreeMap;

use certbind_core::{Binding, BindingKey, Capabilities, CertHash, Change, Outcome, Precondition};

use crate::operation::{Operation, Response};
use crate::order::{Query, Rank};

/// The bindings that a store has to contain, and the operations that it may refuse.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Model {
    held: BTreeMap<Rank, Binding>,
    writable: bool,
    max_batch: usize,
}

impl Model {
    pub(crate) fn new(capabilities: &Capabilities) -> Self {
        Self {
            held: BTreeMap::new(),
            writable: capabilities.writable,
            max_batch: capabilities.max_batch.map_or(usize::MAX, usize::from),
        }
    }

    /// The same, holding these.
    pub(crate) fn holding(mut self, bindings: impl IntoIterator<Item = Binding>) -> Self {
        let ranked = bindings.into_iter().map(|b| (Rank::of(b.key()), b));
        self.held.extend(ranked);
        self
    }

    pub(crate) fn get(&self, key: &BindingKey) -> Option<&Binding> {
        self.held.get(&Rank::of(key))
    }

    pub(crate) fn scan(&self, query: &Query) -> Vec<Binding> {
        let wanted = |binding: &&Binding| query.wants(binding.key());
        self.held.values().filter(wanted).cloned().collect()
    }

    pub(crate) fn all_bindings(&self) -> Vec<Binding> {
        self.held.values().cloned().collect()
    }

    /// Performs the operation, and returns the result that a store has to return.
    pub(crate) fn perform(&mut self, operation: &Operation) -> Response {
        match operation {
            Operation::Get(key) => Response::Got(self.get(key).cloned()),
            Operation::Scan(query) => Response::Scanned(self.scan(query)),
            Operation::Rotation(old, new) => Response::Planned(self.rotation(old, new)),
            Operation::Rotate(old, new) => self.apply(&self.rotation(old, new)),
            Operation::Apply(batch) => self.apply(batch.changes()),
            Operation::Load(changes) => match self.apply(changes) {
                Response::Applied(outcomes) => Response::Loaded(outcomes.len() as u64),
                refused => refused,
            },
            Operation::Insert(_) | Operation::CompareAndSwap { .. } => {
                match self.apply(&operation.changes()) {
                    Response::Applied(_) => Response::Done,
                    refused => refused,
                }
            }
            Operation::Update(_) | Operation::Put(_) | Operation::Remove(_) => {
                match self.apply(&operation.changes()) {
                    Response::Applied(mut outcomes) => Response::Held(outcomes.remove(0).before),
                    refused => refused,
                }
            }
        }
    }

    /// Makes all of the changes or none.
    pub(crate) fn apply(&mut self, changes: &[Change]) -> Response {
        if !self.writable {
            return Response::ReadOnly;
        }
        if changes.len() > self.max_batch {
            return Response::Unsupported;
        }
        // Each key is changed once, so that every precondition is about the content before the batch.
        let mut outcomes = Vec::new();
        for change in changes {
            let key = change.key().clone();
            let before = self.get(&key).cloned();
            match (change.precondition(), &before) {
                (Precondition::Absent, Some(found)) => {
                    return Response::AlreadyExists {
                        key,
                        found: Some(found.clone()),
                    };
                }
                (Precondition::Present, None) => return Response::NotFound { key },
                (Precondition::Exactly(expected), found) if found.as_ref() != Some(expected) => {
                    return Response::Conflict {
                        key,
                        expected: (**expected).clone(),
                        found: before,
                    };
                }
                _ => {}
            }
            let after = change.new_value().cloned();
            outcomes.push(Outcome { key, before, after });
        }
        for outcome in &outcomes {
            let rank = Rank::of(&outcome.key);
            match outcome.after.clone() {
                Some(binding) => self.held.insert(rank, binding),
                None => self.held.remove(&rank),
            };
        }
        Response::Applied(outcomes)
    }

    fn rotation(&self, old: &CertHash, new: &CertHash) -> Vec<Change> {
        let renewed = |binding: &Binding| {
            let mut record = binding.record().clone();
            let certificate = record.certificate.as_mut().filter(|c| c.hash == *old)?;
            certificate.hash = *new;
            let renewed = binding.clone().with_record(record).expect("the same kind");
            let expect = Precondition::Exactly(Box::new(binding.clone()));
            Some(Change::new(binding.key().clone(), expect, Some(renewed)).expect("one key"))
        };
        self.held.values().filter_map(renewed).collect()
    }
}

/// The changes that undo the outcomes.
pub(crate) fn inverse(outcomes: &[Outcome]) -> Vec<Change> {
    let undo = |outcome: &Outcome| {
        let expect = match outcome.after.clone() {
            Some(binding) => Precondition::Exactly(Box::new(binding)),
            None => Precondition::Absent,
        };
        Change::new(outcome.key.clone(), expect, outcome.before.clone()).expect("one key")
    };
    outcomes.iter().map(undo).collect()
}

//! Changes, the batches that they are applied in, and what applying them found.

use std::collections::HashSet;

use crate::binding::Binding;
use crate::error::{Result, StoreError};
use crate::key::BindingKey;

/// The condition on the current binding of a key under which a change applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Anything.
    Any,
    /// The key is not bound.
    Absent,
    /// The key is bound.
    Present,
    /// The key is bound, and exactly like this.
    Exactly(Box<Binding>),
}

/// A change of one key: its precondition and its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    precondition: Precondition,
    new: NewValue,
}

/// The key is named once, since batches have millions of them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum NewValue {
    Bound(Binding),
    Free(BindingKey),
}

impl Change {
    /// Binds a key that is not bound.
    #[must_use]
    pub fn insert(binding: Binding) -> Self {
        Self::to(Precondition::Absent, binding)
    }

    /// Replaces the record of a key that is bound.
    #[must_use]
    pub fn update(binding: Binding) -> Self {
        Self::to(Precondition::Present, binding)
    }

    /// Binds a key, whether it is bound or not.
    #[must_use]
    pub fn put(binding: Binding) -> Self {
        Self::to(Precondition::Any, binding)
    }

    /// Unbinds a key that is bound.
    #[must_use]
    pub fn remove(key: BindingKey) -> Self {
        Self {
            precondition: Precondition::Present,
            new: NewValue::Free(key),
        }
    }

    /// Any change: sets `key` to `new`, or unbinds it if that is `None`, where `precondition` holds.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if `new` or the expected binding has another key.
    pub fn new(key: BindingKey, precondition: Precondition, new: Option<Binding>) -> Result<Self> {
        let expected = match &precondition {
            Precondition::Exactly(binding) => Some(&**binding),
            _ => None,
        };
        if let Some(other) = expected.into_iter().chain(&new).find(|b| *b.key() != key) {
            let reason = format!("a change of it cannot name {} as well", other.key());
            return Err(StoreError::invalid(key, reason));
        }
        Ok(Self {
            precondition,
            new: new.map_or(NewValue::Free(key), NewValue::Bound),
        })
    }

    fn to(precondition: Precondition, binding: Binding) -> Self {
        Self {
            precondition,
            new: NewValue::Bound(binding),
        }
    }

    /// The key that is changed.
    #[must_use]
    pub fn key(&self) -> &BindingKey {
        match &self.new {
            NewValue::Bound(binding) => binding.key(),
            NewValue::Free(key) => key,
        }
    }

    /// The condition under which the change applies.
    #[must_use]
    pub fn precondition(&self) -> &Precondition {
        &self.precondition
    }

    /// The new binding of the key; `None` unbinds it.
    #[must_use]
    pub fn new_value(&self) -> Option<&Binding> {
        match &self.new {
            NewValue::Bound(binding) => Some(binding),
            NewValue::Free(_) => None,
        }
    }

    /// Whether the change applies where `found` is what its key holds.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`], [`StoreError::NotFound`] or [`StoreError::Conflict`] if not.
    pub fn check(&self, found: Option<&Binding>) -> Result<()> {
        let key = || self.key().clone();
        match (&self.precondition, found) {
            (Precondition::Any, _)
            | (Precondition::Absent, None)
            | (Precondition::Present, Some(_)) => Ok(()),
            (Precondition::Absent, Some(found)) => Err(StoreError::AlreadyExists {
                key: key(),
                found: Some(Box::new(found.clone())),
            }),
            (Precondition::Present, None) => Err(StoreError::NotFound { key: key() }),
            (Precondition::Exactly(expected), found) if found == Some(&**expected) => Ok(()),
            (Precondition::Exactly(expected), found) => Err(StoreError::Conflict {
                key: key(),
                expected: expected.clone(),
                found: found.cloned().map(Box::new),
            }),
        }
    }
}

/// Changes that are applied together: all of them or none. Each key stands in it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    changes: Vec<Change>,
    is_sorted: bool,
}

impl Default for Batch {
    fn default() -> Self {
        Self::of([])
    }
}

impl Batch {
    /// A batch of these changes.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if a key is changed twice.
    pub fn new(changes: impl IntoIterator<Item = Change>) -> Result<Self> {
        let batch = Self::of(changes);
        if !batch.is_sorted {
            let mut keys = HashSet::with_capacity(batch.len());
            if let Some(twice) = batch.changes.iter().find(|c| !keys.insert(c.key())) {
                return Err(StoreError::invalid(
                    twice.key().clone(),
                    "one batch changes a key at most once",
                ));
            }
        }
        Ok(batch)
    }

    fn of(given: impl IntoIterator<Item = Change>) -> Self {
        let given = given.into_iter();
        let mut changes: Vec<Change> = Vec::with_capacity(given.size_hint().0);
        let mut is_sorted = true;
        // While each is at hand: millions of them are not a second time.
        for change in given {
            is_sorted = is_sorted && changes.last().is_none_or(|last| last.key() < change.key());
            changes.push(change);
        }
        Self { changes, is_sorted }
    }

    /// The changes, in the order they were given.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether each change was given behind those of all lesser keys.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.is_sorted
    }

    /// Whether there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many keys are changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Checks every precondition against what `current` says the store holds, and tells what the
    /// batch will do. Changes nothing: this is the half of `apply` that all backends share.
    ///
    /// # Errors
    /// The first precondition that does not hold, or the first error of `current`.
    pub fn check(
        &self,
        mut current: impl FnMut(&BindingKey) -> Result<Option<Binding>>,
    ) -> Result<Applied> {
        let mut outcomes = Vec::with_capacity(self.len());
        for change in &self.changes {
            let key = change.key();
            let before = current(key)?;
            change.check(before.as_ref())?;
            outcomes.push(Outcome {
                key: key.clone(),
                before,
                after: change.new_value().cloned(),
            });
        }
        Ok(Applied {
            outcomes,
            revision: None,
        })
    }
}

impl From<Change> for Batch {
    fn from(change: Change) -> Self {
        Self::of([change])
    }
}

/// What a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    outcomes: Vec<Outcome>,
    revision: Option<u64>,
}

/// What a batch did to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The key.
    pub key: BindingKey,
    /// What it held before.
    pub before: Option<Binding>,
    /// What it holds now.
    pub after: Option<Binding>,
}

impl Applied {
    /// The same, at this revision of the store.
    #[must_use]
    pub fn at_revision(self, revision: u64) -> Self {
        Self {
            revision: Some(revision),
            ..self
        }
    }

    /// What happened to each key, in the order of the batch.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// The store's revision once the batch was in it, where the backend counts revisions.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.revision
    }

    /// The batch that undoes this one. It applies only while every key still holds what this one
    /// left there.
    #[must_use]
    pub fn inverse(&self) -> Batch {
        let undo = |outcome: &Outcome| Change {
            precondition: match &outcome.after {
                Some(binding) => Precondition::Exactly(Box::new(binding.clone())),
                None => Precondition::Absent,
            },
            new: match &outcome.before {
                Some(binding) => NewValue::Bound(binding.clone()),
                None => NewValue::Free(outcome.key.clone()),
            },
        };
        Batch::of(self.outcomes.iter().map(undo))
    }
}

//! Changes, the batches that they are applied in, and what applying them found.

use std::collections::HashSet;

use crate::binding::Binding;
use crate::error::{Result, StoreError};
use crate::key::BindingKey;

/// What must be true of a key for a change to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Any,
    /// The key is not bound.
    Absent,
    /// The key is bound.
    Present,
    /// The key is bound, and exactly like this.
    Exactly(Box<Binding>),
}

/// One key, what must be true of it now, and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    key: BindingKey,
    expect: Expect,
    becomes: Option<Binding>,
}

impl Change {
    /// Binds a key that is not bound.
    #[must_use]
    pub fn insert(binding: Binding) -> Self {
        Self::to(Expect::Absent, binding)
    }

    /// Replaces the record of a key that is bound.
    #[must_use]
    pub fn update(binding: Binding) -> Self {
        Self::to(Expect::Present, binding)
    }

    /// Binds a key, whether it is bound or not.
    #[must_use]
    pub fn put(binding: Binding) -> Self {
        Self::to(Expect::Any, binding)
    }

    /// Unbinds a key that is bound.
    #[must_use]
    pub fn remove(key: BindingKey) -> Self {
        Self {
            key,
            expect: Expect::Present,
            becomes: None,
        }
    }

    /// Any change: `key`, from what `expect` says to `becomes`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if `becomes` or the binding that is expected has another key.
    pub fn new(key: BindingKey, expect: Expect, becomes: Option<Binding>) -> Result<Self> {
        let expected = match &expect {
            Expect::Exactly(binding) => Some(&**binding),
            _ => None,
        };
        if let Some(other) = expected
            .into_iter()
            .chain(&becomes)
            .find(|b| *b.key() != key)
        {
            let reason = format!("a change of it cannot name {} as well", other.key());
            return Err(StoreError::invalid(key, reason));
        }
        Ok(Self {
            key,
            expect,
            becomes,
        })
    }

    fn to(expect: Expect, binding: Binding) -> Self {
        Self {
            key: binding.key().clone(),
            expect,
            becomes: Some(binding),
        }
    }

    /// The key that is changed.
    #[must_use]
    pub fn key(&self) -> &BindingKey {
        &self.key
    }

    /// What must be true of it.
    #[must_use]
    pub fn expect(&self) -> &Expect {
        &self.expect
    }

    /// What it becomes.
    #[must_use]
    pub fn becomes(&self) -> Option<&Binding> {
        self.becomes.as_ref()
    }

    fn check(&self, found: Option<&Binding>) -> Result<()> {
        let key = || self.key.clone();
        match (&self.expect, found) {
            (Expect::Any, _) | (Expect::Absent, None) | (Expect::Present, Some(_)) => Ok(()),
            (Expect::Absent, Some(found)) => Err(StoreError::AlreadyExists {
                key: key(),
                found: Some(Box::new(found.clone())),
            }),
            (Expect::Present, None) => Err(StoreError::NotFound { key: key() }),
            (Expect::Exactly(expected), found) if found == Some(&**expected) => Ok(()),
            (Expect::Exactly(expected), found) => Err(StoreError::Conflict {
                key: key(),
                expected: expected.clone(),
                found: found.cloned().map(Box::new),
            }),
        }
    }
}

/// Changes that are applied together: all of them or none. Each key stands in it once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch(Vec<Change>);

impl Batch {
    /// A batch of these changes.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if a key is changed twice.
    pub fn new(changes: impl IntoIterator<Item = Change>) -> Result<Self> {
        let changes: Vec<_> = changes.into_iter().collect();
        if changes.is_sorted_by(|a, b| a.key < b.key) {
            return Ok(Self(changes));
        }
        let mut keys = HashSet::with_capacity(changes.len());
        if let Some(twice) = changes.iter().find(|change| !keys.insert(&change.key)) {
            return Err(StoreError::invalid(
                twice.key.clone(),
                "one batch changes a key at most once",
            ));
        }
        Ok(Self(changes))
    }

    /// The changes, in the order they were given.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.0
    }

    /// Whether there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many keys are changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
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
        let outcomes = self.0.iter().map(|change| {
            let before = current(&change.key)?;
            change.check(before.as_ref())?;
            Ok(Outcome {
                key: change.key.clone(),
                before,
                after: change.becomes.clone(),
            })
        });
        Ok(Applied {
            outcomes: outcomes.collect::<Result<_>>()?,
            revision: None,
        })
    }
}

impl From<Change> for Batch {
    fn from(change: Change) -> Self {
        Self(vec![change])
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
            key: outcome.key.clone(),
            expect: match &outcome.after {
                Some(binding) => Expect::Exactly(Box::new(binding.clone())),
                None => Expect::Absent,
            },
            becomes: outcome.before.clone(),
        };
        Batch(self.outcomes.iter().map(undo).collect())
    }
}

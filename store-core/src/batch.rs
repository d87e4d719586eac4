//! Changes, batches of changes, and the result of applying a batch.

use std::collections::HashSet;

use crate::binding::Binding;
use crate::error::{Result, StoreError};
use crate::key::BindingKey;

/// The condition on the current binding of a key under which a change applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// No condition.
    Any,
    /// The key is not bound.
    Absent,
    /// The key is bound.
    Present,
    /// The key has exactly this binding.
    Exactly(Box<Binding>),
}

/// A change of one key: a precondition and a new value (optimistic concurrency).
///
/// ```
/// use certbind_core::{Binding, BindingStore, CertHash, Change, MemoryStore, Precondition, Record, Uuid};
///
/// let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
/// let binding = Binding::new("0.0.0.0:443".parse()?, record)?;
/// let key = binding.key().clone();
/// let store = MemoryStore::new();
/// store.apply(&Change::insert(binding.clone()).into())?;
///
/// // Remove the binding, but only if it is unchanged.
/// let expected = Precondition::Exactly(Box::new(binding));
/// store.apply(&Change::new(key, expected, None)?.into())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    precondition: Precondition,
    new: NewValue,
}

/// The key is stored once, since a batch may have millions of changes.
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

    /// Binds `key` to `new`, or unbinds it if `new` is `None`, if `precondition` holds.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if `new` or the expected binding has another key.
    pub fn new(key: BindingKey, precondition: Precondition, new: Option<Binding>) -> Result<Self> {
        let expected = match &precondition {
            Precondition::Exactly(binding) => Some(&**binding),
            _ => None,
        };
        if let Some(other) = expected.into_iter().chain(&new).find(|b| *b.key() != key) {
            let reason = format!("a change of this key contains a binding of {}", other.key());
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

    /// Checks the precondition against the current binding of the key.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`], [`StoreError::NotFound`] or [`StoreError::Conflict`] if the
    /// precondition does not hold.
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

/// Changes that are applied atomically: all of them or none. Each key occurs once.
///
/// ```
/// use certbind_core::{Batch, Change, Kind, StoreError};
///
/// let remove = |key: &str| key.parse().map(Change::remove);
/// let batch = Batch::new([remove("0.0.0.0:443")?, remove("[::]:443")?])?;
/// assert_eq!(batch.len(), 2);
/// let twice = Batch::new([remove("0.0.0.0:443")?, remove("0.0.0.0:443")?]);
/// assert!(matches!(twice, Err(StoreError::Invalid { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// Creates a batch of these changes.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if a key occurs twice.
    pub fn new(changes: impl IntoIterator<Item = Change>) -> Result<Self> {
        let batch = Self::of(changes);
        if !batch.is_sorted {
            let mut keys = HashSet::with_capacity(batch.len());
            if let Some(twice) = batch.changes.iter().find(|c| !keys.insert(c.key())) {
                return Err(StoreError::invalid(
                    twice.key().clone(),
                    "a batch may change a key at most once",
                ));
            }
        }
        Ok(batch)
    }

    fn of(given: impl IntoIterator<Item = Change>) -> Self {
        let given = given.into_iter();
        let mut changes: Vec<Change> = Vec::with_capacity(given.size_hint().0);
        let mut is_sorted = true;
        // Checked while each change is in the CPU cache: a batch may have millions.
        for change in given {
            is_sorted = is_sorted && changes.last().is_none_or(|last| last.key() < change.key());
            changes.push(change);
        }
        Self { changes, is_sorted }
    }

    /// The changes, in the order that they were given in.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether the changes are in the canonical order of their keys.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.is_sorted
    }

    /// Whether the batch has no changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The number of changes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Checks every precondition, and returns the result of applying the batch. `current` returns
    /// the current binding of a key.
    ///
    /// It changes nothing. Backends that check preconditions themselves use it in
    /// [`apply`](crate::BindingStore::apply); a backend whose server checks them uses
    /// [`Applied::new`].
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

/// The result of applying a batch: the binding of each key before and after it.
///
/// ```
/// use certbind_core::{Binding, BindingStore, CertHash, MemoryStore, Record, Uuid, Change};
///
/// let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
/// let binding = Binding::new("0.0.0.0:443".parse()?, record)?;
/// let store = MemoryStore::new();
/// let applied = store.apply(&Change::insert(binding.clone()).into())?;
/// assert_eq!(applied.outcomes()[0].after, Some(binding.clone()));
///
/// store.apply(&applied.inverse())?;
/// assert_eq!(store.get(binding.key())?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    outcomes: Vec<Outcome>,
    revision: Option<u64>,
}

/// The binding of one key before and after a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The key.
    pub key: BindingKey,
    /// The binding before the batch; `None` if the key was not bound.
    pub before: Option<Binding>,
    /// The binding after the batch; `None` if the key is not bound.
    pub after: Option<Binding>,
}

impl Applied {
    /// Creates the result of a batch from its outcomes, in the order of the batch.
    ///
    /// It is for backends whose server checks the preconditions and returns the previous bindings.
    /// Other backends use [`Batch::check`].
    ///
    /// ```
    /// use certbind_core::{Applied, Batch, Binding, Outcome, Result};
    ///
    /// /// The answer of a server that applies batches: the previous binding of each change.
    /// fn applied(batch: &Batch, previous: Vec<Option<Binding>>, revision: u64) -> Result<Applied> {
    ///     let outcomes = batch.changes().iter().zip(previous).map(|(change, before)| Outcome {
    ///         key: change.key().clone(),
    ///         before,
    ///         after: change.new_value().cloned(),
    ///     });
    ///     Ok(Applied::new(outcomes)?.at_revision(revision))
    /// }
    /// assert_eq!(applied(&Batch::default(), vec![], 7)?.revision(), Some(7));
    /// # Ok::<(), certbind_core::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if a binding has another key than its outcome, or a key occurs twice.
    pub fn new(outcomes: impl IntoIterator<Item = Outcome>) -> Result<Self> {
        let outcomes: Vec<_> = outcomes.into_iter().collect();
        let mut keys = HashSet::with_capacity(outcomes.len());
        for outcome in &outcomes {
            let bindings = outcome.before.iter().chain(&outcome.after);
            if let Some(other) = bindings.into_iter().find(|b| *b.key() != outcome.key) {
                let reason = format!("its outcome contains a binding of {}", other.key());
                return Err(StoreError::invalid(outcome.key.clone(), reason));
            }
            if !keys.insert(&outcome.key) {
                let reason = "the outcomes of a batch contain a key at most once";
                return Err(StoreError::invalid(outcome.key.clone(), reason));
            }
        }
        Ok(Self {
            outcomes,
            revision: None,
        })
    }

    /// Sets the store's revision after the batch.
    #[must_use]
    pub fn at_revision(self, revision: u64) -> Self {
        Self {
            revision: Some(revision),
            ..self
        }
    }

    /// The outcome of each change, in the order of the batch.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// The store's revision after the batch, if the backend counts revisions.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.revision
    }

    /// The batch that undoes this one. Its preconditions hold while every key still has the binding
    /// that this batch left.
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

//! The operations of a store, and their results, as values.

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, CertHash, Change, Outcome, Precondition,
    Result, StoreError,
};

use crate::order::{Query, Rank};

/// An operation.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Get(BindingKey),
    Scan(Query),
    Insert(Binding),
    Update(Binding),
    Put(Binding),
    Remove(BindingKey),
    CompareAndSwap {
        key: BindingKey,
        expected: Option<Binding>,
        new: Option<Binding>,
    },
    Rotation(CertHash, CertHash),
    Rotate(CertHash, CertHash),
    Apply(Batch),
    /// In the order of their keys, as [`Operation::load`] has them.
    Load(Vec<Change>),
}

/// The result of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Got(Option<Binding>),
    Scanned(Vec<Binding>),
    Planned(Vec<Change>),
    /// It was done.
    Done,
    /// It succeeded; this was the binding of the key before.
    Held(Option<Binding>),
    Applied(Vec<Outcome>),
    Loaded(u64),
    AlreadyExists {
        key: BindingKey,
        found: Option<Binding>,
    },
    NotFound {
        key: BindingKey,
    },
    Conflict {
        key: BindingKey,
        expected: Binding,
        found: Option<Binding>,
    },
    Unsupported,
    ReadOnly,
    /// Another error, which no model returns.
    Failed(String),
}

impl Operation {
    /// A bulk load of these, in the required order.
    pub(crate) fn load(mut changes: Vec<Change>) -> Self {
        changes.sort_by_cached_key(|change| Rank::of(change.key()));
        Self::Load(changes)
    }

    /// The changes that it makes, as far as it names them.
    pub(crate) fn changes(&self) -> Vec<Change> {
        match self {
            Self::Insert(binding) => vec![Change::insert(binding.clone())],
            Self::Update(binding) => vec![Change::update(binding.clone())],
            Self::Put(binding) => vec![Change::put(binding.clone())],
            Self::Remove(key) => vec![Change::remove(key.clone())],
            Self::CompareAndSwap { key, expected, new } => {
                let expect = match expected.clone() {
                    Some(binding) => Precondition::Exactly(Box::new(binding)),
                    None => Precondition::Absent,
                };
                vec![Change::new(key.clone(), expect, new.clone()).expect("one key")]
            }
            Self::Apply(batch) => batch.changes().to_vec(),
            Self::Load(changes) => changes.clone(),
            Self::Get(_) | Self::Scan(_) | Self::Rotation(..) | Self::Rotate(..) => Vec::new(),
        }
    }

    pub(crate) fn perform(&self, store: &dyn BindingStore) -> Response {
        self.perform_keeping(store, &mut None)
    }

    /// Performs it, and stores its undo batch, if it was applied, in `kept`.
    pub(crate) fn perform_keeping(
        &self,
        store: &dyn BindingStore,
        kept: &mut Option<Applied>,
    ) -> Response {
        match self.clone() {
            Self::Get(key) => Response::or_error(store.get(&key), Response::Got),
            Self::Scan(query) => {
                let scanned = store.scan(&query.scan()).and_then(Iterator::collect);
                Response::or_error(scanned, Response::Scanned)
            }
            Self::Insert(binding) => Response::or_error(store.insert(binding), |()| Response::Done),
            Self::Update(binding) => {
                Response::or_error(store.update(binding).map(Some), Response::Held)
            }
            Self::Put(binding) => Response::or_error(store.put(binding), Response::Held),
            Self::Remove(key) => Response::or_error(store.remove(&key).map(Some), Response::Held),
            Self::CompareAndSwap { key, expected, new } => {
                let swapped = store.compare_and_swap(&key, expected, new);
                Response::or_error(swapped, |()| Response::Done)
            }
            Self::Rotation(old, new) => {
                let planned = store.rotation(&old, &new);
                Response::or_error(planned, |batch| {
                    // The order in which certificates are renewed does not matter.
                    let mut changes = batch.changes().to_vec();
                    changes.sort_by_cached_key(|change| Rank::of(change.key()));
                    Response::Planned(changes)
                })
            }
            Self::Rotate(old, new) => match Response::applied(store.rotate(&old, &new), kept) {
                Response::Applied(mut outcomes) => {
                    outcomes.sort_by_cached_key(|outcome| Rank::of(&outcome.key));
                    Response::Applied(outcomes)
                }
                refused => refused,
            },
            Self::Apply(batch) => Response::applied(store.apply(&batch), kept),
            Self::Load(changes) => {
                let loaded = store.bulk_load(&mut changes.into_iter().map(Ok));
                Response::or_error(loaded, Response::Loaded)
            }
        }
    }
}

impl Response {
    /// The result of applying a batch.
    pub(crate) fn applied(result: Result<Applied>, kept: &mut Option<Applied>) -> Self {
        Self::or_error(result, |applied| {
            let outcomes = applied.outcomes().to_vec();
            *kept = Some(applied);
            Self::Applied(outcomes)
        })
    }

    /// The contents of an error. Its message has to name the key as well.
    pub(crate) fn of_error(error: StoreError) -> Self {
        let words = error.to_string();
        let named = |key: &BindingKey| words.contains(&key.to_string());
        match error {
            StoreError::AlreadyExists { key, found } if named(&key) => Self::AlreadyExists {
                key,
                found: found.map(|found| *found),
            },
            StoreError::NotFound { key } if named(&key) => Self::NotFound { key },
            StoreError::Conflict {
                key,
                expected,
                found,
            } if named(&key) => Self::Conflict {
                key,
                expected: *expected,
                found: found.map(|found| *found),
            },
            StoreError::Unsupported { .. } => Self::Unsupported,
            StoreError::ReadOnly => Self::ReadOnly,
            other => Self::Failed(format!("{other:?}: {other}")),
        }
    }

    /// Whether the operation was refused.
    pub(crate) fn is_error(&self) -> bool {
        matches!(
            self,
            Self::AlreadyExists { .. }
                | Self::NotFound { .. }
                | Self::Conflict { .. }
                | Self::Unsupported
                | Self::ReadOnly
                | Self::Failed(_)
        )
    }

    fn or_error<T>(result: Result<T>, response: impl FnOnce(T) -> Self) -> Self {
        result.map_or_else(Self::of_error, response)
    }
}

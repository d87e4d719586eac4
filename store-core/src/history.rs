//! History: the changes of each commit, its time and its author.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::batch::{Applied, Batch};
use crate::binding::Binding;
use crate::error::Result;
use crate::key::BindingKey;

/// The author of commits and their reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The account, as the system names it. Empty if unknown.
    pub user: String,
    /// The host on which the program ran. Empty if unknown.
    pub host: String,
    /// The command that changed the store, without secrets. Empty if unknown.
    pub command: String,
    /// The reason that was given, or nothing.
    pub message: String,
}

/// The limits of a store's history, and the author of its commits.
///
/// The oldest commits are forgotten as soon as one limit is exceeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryOptions {
    /// The author of the commits of this opening.
    pub author: Author,
    /// The most commits. The default is 10,000.
    pub max_commits: u64,
    /// The greatest age of a commit, by the clock of the host. There is none by default.
    pub max_age: Option<Duration>,
    /// The most bytes of all rows. The default is 16 MiB. The replaced bindings of a commit that alone
    /// exceeds this are not kept.
    pub max_bytes: u64,
}

impl Default for HistoryOptions {
    fn default() -> Self {
        Self {
            author: Author::default(),
            max_commits: 10_000,
            max_age: None,
            max_bytes: 16 << 20,
        }
    }
}

/// A commit in the history of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The revision that the commit made.
    pub revision: u64,
    /// The clock of its host at the commit, in whole milliseconds.
    pub time: SystemTime,
    /// The author of the commit.
    pub author: Author,
    /// The number of keys that it changed.
    pub changes: u64,
    /// The bindings that it replaced.
    pub before: Before,
    /// How the change was found, if the store is a recording of another one. The author and the time are
    /// then those of the change, as far as they are known.
    pub found: Option<Found>,
}

/// How a change became known that was made elsewhere, by observations of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// By the first observation, which ended at the time of the commit. The time and author of the
    /// bindings are unknown.
    FirstLook,
    /// By a difference between two observations: the change was made after this time, at which the
    /// previous observation began, and before the time of the commit.
    Since(SystemTime),
    /// By the history of the observed store.
    History,
}

/// The author and the time of a commit that records a change made elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The author of the change. The texts are empty if it is unknown.
    pub author: Author,
    /// The time of the change, or the end of the observation that found it.
    pub time: SystemTime,
    /// How it was found.
    pub found: Found,
}

/// The bindings that a commit replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// The previous binding of each key that the commit changed, in the order of keys; `None` for a key
    /// that was not bound.
    Values(Vec<(BindingKey, Option<Binding>)>),
    /// The store had no bindings.
    Empty,
    /// It was longer than the history of the store may be, so it is not known.
    TooLong,
}

impl Before {
    /// Takes the commit back in the bindings of a store right after it. Returns false, and changes
    /// nothing, if the replaced bindings are not known.
    pub fn restore(&self, bindings: &mut BTreeMap<BindingKey, Binding>) -> bool {
        match self {
            Self::Values(values) => {
                for (key, before) in values {
                    match before {
                        Some(binding) => bindings.insert(key.clone(), binding.clone()),
                        None => bindings.remove(key),
                    };
                }
            }
            Self::Empty => bindings.clear(),
            Self::TooLong => return false,
        }
        true
    }
}

/// The history of a store.
///
/// A history is bounded: it starts at some commit. It may also have gaps, where a program without it
/// changed the store.
pub trait History: Send + Sync {
    /// The revision of the store, which every commit raises by 1.
    ///
    /// # Errors
    /// An error of reading.
    fn revision(&self) -> Result<u64>;

    /// The commits that the history has, the newest first.
    ///
    /// # Errors
    /// An error of reading; [`StoreError::Corrupt`](crate::StoreError::Corrupt) for a damaged commit.
    fn commits(&self) -> Result<Vec<Commit>>;

    /// Applies a batch as one commit with the given author and time instead of those of this
    /// opening, to record a change that was made elsewhere.
    ///
    /// # Errors
    /// As [`BindingStore::apply`](crate::BindingStore::apply), and
    /// [`StoreError::Unsupported`](crate::StoreError::Unsupported) if the store is open without a
    /// history.
    fn apply_from(&self, batch: &Batch, origin: &Origin) -> Result<Applied>;
}

/// The reason why an earlier state of a store is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The history has no commit of this revision: it is older than the history, or was made without.
    Missing(u64),
    /// The replaced bindings of the commit with this revision were too long to be kept.
    TooLong(u64),
}

/// Takes the bindings of a store at revision `now` back to revision `then`. `commits` are those
/// of [`History::commits`].
///
/// # Errors
/// The newest commit after `then` that cannot be taken back; `bindings` is then of no use.
pub fn rewind(
    bindings: &mut BTreeMap<BindingKey, Binding>,
    commits: &[Commit],
    now: u64,
    then: u64,
) -> Result<(), Unknown> {
    let mut commits = commits.iter().skip_while(|commit| commit.revision > now);
    for revision in (then + 1..=now).rev() {
        let commit = commits.next().filter(|it| it.revision == revision);
        let commit = commit.ok_or(Unknown::Missing(revision))?;
        if !commit.before.restore(bindings) {
            return Err(Unknown::TooLong(revision));
        }
    }
    Ok(())
}

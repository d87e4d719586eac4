//! The in-memory index: bindings by key, for readers that never wait.

use certbind_core::{Binding, BindingKey, Outcome};
use foldhash::fast::RandomState;
use papaya::{HashMap, ResizeMode};

use crate::join::join;
use crate::row_cache::ByKey;

/// From this many bindings on, a second thread pays.
const MANY: usize = 10_000;

/// The bindings of the published revision and of the next one.
///
/// There is one writer. It stages the changes of a revision together with the previous bindings,
/// publishes the revision, and then drops the previous bindings. A reader uses the revision that it
/// found published, so it sees a batch as a whole or not at all.
pub(crate) struct Index(HashMap<ByKey, State, RandomState>);

/// The state of a key.
enum State {
    /// The same for every reader.
    Stable(Binding),
    /// Depends on the revision that the reader found published.
    Changing(Box<Change>),
}

struct Change {
    revision: u64,
    before: Option<Binding>,
    after: Option<Binding>,
}

impl Index {
    /// An index of published bindings. Two threads build a large one.
    pub(crate) fn of(bindings: &[Binding]) -> Self {
        let map = HashMap::builder()
            .capacity(bindings.len())
            .hasher(RandomState::default())
            // A map that has begun to grow incrementally is searched in two tables for a long time.
            .resize_mode(ResizeMode::Blocking);
        let index = Self(map.build());
        let put = |bindings: &[Binding]| {
            let pinned = index.0.pin();
            for binding in bindings {
                pinned.insert(ByKey(binding.clone()), State::Stable(binding.clone()));
            }
        };
        if bindings.len() < MANY {
            put(bindings);
            return index;
        }
        let (first, second) = bindings.split_at(bindings.len() / 2);
        join(|| put(second), || put(first));
        index
    }

    /// The number of bindings, approximate during a change.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The binding of a key for a reader that found `published`.
    pub(crate) fn get(&self, key: &BindingKey, published: u64) -> Option<Binding> {
        match self.0.pin().get(key)? {
            State::Stable(binding) => Some(binding.clone()),
            // The revision was not published when the reader started, so the previous binding was
            // current then or since.
            State::Changing(change) if change.revision > published => change.before.clone(),
            State::Changing(change) => change.after.clone(),
        }
    }

    /// Stages the changes of the revision that is published next.
    pub(crate) fn stage<'a>(&self, revision: u64, outcomes: impl Iterator<Item = &'a Outcome>) {
        let pinned = self.0.pin();
        for Outcome { key, before, after } in outcomes {
            let Some(slot) = after.as_ref().or(before.as_ref()) else {
                continue;
            };
            // Batches that share a revision become visible together.
            let before = match pinned.get(key) {
                Some(State::Changing(earlier)) => earlier.before.clone(),
                Some(State::Stable(_)) | None => before.clone(),
            };
            let change = Change {
                revision,
                before,
                after: after.clone(),
            };
            pinned.insert(ByKey(slot.clone()), State::Changing(Box::new(change)));
        }
    }

    /// Drops the previous bindings, once the revision is published.
    pub(crate) fn finalize<'a>(&self, outcomes: impl Iterator<Item = &'a Outcome>) {
        let pinned = self.0.pin();
        for Outcome { key, .. } in outcomes {
            let Some(State::Changing(change)) = pinned.get(key) else {
                continue;
            };
            match change.after.clone() {
                Some(binding) => {
                    pinned.insert(ByKey(binding.clone()), State::Stable(binding));
                }
                None => {
                    pinned.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::thread;

    use certbind_core::{Record, Uuid};

    use super::*;

    const REVISIONS: u64 = 10_000;

    fn key(n: u16) -> BindingKey {
        format!("ccs={}", n + 1).parse().unwrap()
    }

    /// The binding of each key at a revision; none at every third.
    fn at(revision: u64, key: &BindingKey) -> Option<Binding> {
        let record = Record::central(Uuid::from_u128(revision.into()));
        let binding = Binding::new(key.clone(), record).unwrap();
        (!revision.is_multiple_of(3)).then_some(binding)
    }

    fn outcomes(keys: &[BindingKey], revision: u64) -> Vec<Outcome> {
        let outcome = |key: &BindingKey| Outcome {
            key: key.clone(),
            before: at(revision - 1, key),
            after: at(revision, key),
        };
        keys.iter().map(outcome).collect()
    }

    #[test]
    fn reader_sees_a_published_revision() {
        let keys: Vec<_> = (0..8).map(key).collect();
        let index = Index::of(&[]);
        let published = AtomicU64::new(0);
        let over = AtomicBool::new(false);
        let read = || {
            let mut seen = 0_u64;
            while !over.load(Ordering::Relaxed) {
                for key in &keys {
                    let first = published.load(Ordering::Acquire);
                    let found = index.get(key, first);
                    let last = published.load(Ordering::Acquire);
                    let possible = (first..=last).any(|revision| at(revision, key) == found);
                    assert!(possible, "{first} to {last}: {found:?}");
                    seen += 1;
                }
            }
            seen
        };
        thread::scope(|scope| {
            let readers = [(); 2].map(|()| scope.spawn(read));
            for revision in 1..=REVISIONS {
                // Two batches in one revision: the first is never visible alone.
                let unseen = outcomes(&keys, revision)
                    .into_iter()
                    .map(|outcome| Outcome {
                        after: at(1_000_000, &outcome.key),
                        ..outcome
                    });
                index.stage(revision, unseen.collect::<Vec<_>>().iter());
                let outcomes = outcomes(&keys, revision);
                index.stage(revision, outcomes.iter());
                published.store(revision, Ordering::Release);
                index.finalize(outcomes.iter());
            }
            over.store(true, Ordering::Relaxed);
            for reader in readers {
                assert!(reader.join().unwrap() > 0);
            }
        });
        let now = |key| index.get(key, REVISIONS);
        assert!(keys.iter().all(|key| now(key) == at(REVISIONS, key)));
    }

    #[test]
    fn large_index_is_complete() {
        let bindings: Vec<_> = (0..u16::MAX)
            .map(key)
            .filter_map(|key| at(1, &key))
            .collect();
        assert!(bindings.len() > MANY);
        let index = Index::of(&bindings);
        assert_eq!(index.len(), bindings.len());
        for binding in &bindings {
            assert_eq!(index.get(binding.key(), 0).as_ref(), Some(binding));
        }
    }

    #[test]
    fn removed_keys_leave_no_entries() {
        let keys: Vec<_> = (0..100).map(key).collect();
        let index = Index::of(&[]);
        for revision in 1..=3 {
            let outcomes = outcomes(&keys, revision);
            index.stage(revision, outcomes.iter());
            index.finalize(outcomes.iter());
            let changing = index
                .0
                .pin()
                .values()
                .any(|state| matches!(state, State::Changing(_)));
            assert!(!changing);
        }
        assert_eq!(index.0.len(), 0);
    }
}

//! Which of a store's keys follow the fleet's record, and which were changed locally.

use std::collections::{BTreeMap, BTreeSet};

use certbind_core::{Binding, BindingKey};
use certbind_migrate::Step;
use serde::Serialize;

use super::digest::digested;
use super::state::State;

/// The changes to make, and the state to save before and after them.
#[derive(Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) steps: Vec<Step>,
    /// The local changes, in canonical order.
    pub(crate) local: Vec<LocalChange>,
    /// How many keys are as the fleet has them.
    pub(crate) same: u64,
    /// The known state of the store before the steps, and after them, without secrets.
    pub(crate) before: Vec<Binding>,
    pub(crate) after: Vec<Binding>,
}

/// A key with neither the fleet's binding nor the fleet's earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LocalChange {
    pub(crate) key: BindingKey,
    pub(crate) fleet: Option<Binding>,
    pub(crate) local: Option<Binding>,
}

/// Judges each key by three bindings: the fleet's, the store's, and the one that the last run wrote
/// to the store. For a store that was never synchronised the last is empty.
pub(crate) fn decide(
    state: &State,
    fleet: &[Binding],
    local: &[Binding],
    enforce: bool,
) -> Decision {
    let [taken, taking, fleet, local] = [
        &state.taken,
        state.taking.as_deref().unwrap_or_default(),
        fleet,
        local,
    ]
    .map(by_key);
    let keys: BTreeSet<_> = [&taken, &taking, &fleet, &local]
        .into_iter()
        .flat_map(BTreeMap::keys)
        .copied()
        .collect();
    let mut decision = Decision {
        steps: Vec::new(),
        local: Vec::new(),
        same: 0,
        before: Vec::new(),
        after: Vec::new(),
    };
    for key in keys {
        let of = |bindings: &BTreeMap<&BindingKey, &Binding>| bindings.get(key).copied().cloned();
        let (known, wanted, held) = (of(&taken), of(&fleet), of(&local));
        let is_same = held == wanted;
        let [held_digest, wanted_digest] = [&held, &wanted].map(|it| it.as_ref().map(digested));
        // A binding that an interrupted run was about to write is the fleet's as well.
        let follows = is_same
            || held_digest == known
            || (state.taking.is_some() && held_digest == of(&taking));
        if is_same {
            decision.same += u64::from(held.is_some());
        }
        if !follows {
            decision.local.push(LocalChange {
                key: key.clone(),
                fleet: wanted.clone(),
                local: held.clone(),
            });
        }
        decision.before.extend(match follows {
            true => held_digest,
            false => known.clone(),
        });
        if !follows && !enforce {
            decision.after.extend(known);
            continue;
        }
        decision.after.extend(wanted_digest);
        decision.steps.extend(step(held, wanted));
    }
    decision
}

fn step(held: Option<Binding>, wanted: Option<Binding>) -> Option<Step> {
    match (held, wanted) {
        (None, None) => None,
        (None, Some(new_value)) => Some(Step::Create {
            new_value,
            source: None,
        }),
        (Some(expected), None) => Some(Step::Delete { expected }),
        (Some(expected), Some(new_value)) if expected == new_value => None,
        (Some(expected), Some(new_value)) => Some(Step::Replace {
            expected,
            new_value,
            source: None,
        }),
    }
}

fn by_key(bindings: &[Binding]) -> BTreeMap<&BindingKey, &Binding> {
    bindings
        .iter()
        .map(|binding| (binding.key(), binding))
        .collect()
}

#[cfg(test)]
mod tests {
    use certbind_core::{CertHash, Record, Uuid};

    use super::*;

    /// Key 443 with the certificate of this number; 0: it is not bound.
    fn bound(hash: u8) -> Vec<Binding> {
        let record = Record::new(CertHash::new([hash; 20]), None, Uuid::nil());
        let binding = Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap();
        if hash == 0 { Vec::new() } else { vec![binding] }
    }

    fn decision(taken: u8, taking: Option<u8>, fleet: u8, local: u8, enforce: bool) -> Decision {
        let state = State {
            taken: bound(taken),
            taking: taking.map(bound),
        };
        decide(&state, &bound(fleet), &bound(local), enforce)
    }

    #[test]
    fn unmodified_bindings_follow_the_fleet() {
        for (taken, fleet) in [(0, 1), (1, 2), (1, 0)] {
            let decision = decision(taken, None, fleet, taken, false);
            assert_eq!((decision.steps.len(), decision.local.len()), (1, 0));
            assert_eq!(
                (decision.before, decision.after),
                (bound(taken), bound(fleet))
            );
        }
    }

    #[test]
    fn local_changes_are_reverted_only_on_request() {
        for (taken, fleet, local) in [
            (1, 1, 2),
            (1, 2, 3),
            (1, 1, 0),
            (0, 0, 1),
            (0, 1, 2),
            (1, 0, 2),
        ] {
            let left = decision(taken, None, fleet, local, false);
            assert_eq!((left.steps.len(), left.local.len()), (0, 1));
            assert_eq!(left.after, bound(taken), "it stays a change");
            let forced = decision(taken, None, fleet, local, true);
            assert_eq!((forced.steps.len(), forced.local.len()), (1, 1));
            assert_eq!((forced.before, forced.after), (bound(taken), bound(fleet)));
        }
    }

    #[test]
    fn bindings_equal_to_the_fleet_are_unchanged() {
        for (taken, fleet) in [(0, 1), (1, 0), (1, 2), (1, 1), (0, 0)] {
            let decision = decision(taken, None, fleet, fleet, false);
            assert_eq!((decision.steps.len(), decision.local.len()), (0, 0));
            assert_eq!(decision.after, bound(fleet));
        }
    }

    /// A run may end at any point, and the fleet's record may change: without a manual change in
    /// between no local change is reported.
    #[test]
    fn interrupted_sync_leaves_no_local_change() {
        for (old, first, second, third) in (0..81).map(|n| (n / 27, n / 9 % 3, n / 3 % 3, n % 3)) {
            let start = decision(old, None, first, old, false);
            for local in [old, first] {
                let state = State {
                    taken: start.before.clone(),
                    taking: Some(bound(first)),
                };
                let again = decide(&state, &bound(second), &bound(local), false);
                assert_eq!(again.local, []);
                for local in [local, second] {
                    let state = State {
                        taken: again.before.clone(),
                        taking: Some(bound(second)),
                    };
                    let last = decide(&state, &bound(third), &bound(local), false);
                    assert_eq!(last.local, []);
                    assert_eq!(last.after, bound(third));
                }
            }
        }
    }
}

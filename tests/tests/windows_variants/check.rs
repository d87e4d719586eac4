//! The checks of one variant: its operations, and the conditions afterwards.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, CertHash, ExtendedProperties, Result, Scan,
    StoreError,
};
use certbind_httpsys::Notice;
use certbind_simulator::Call;

use crate::Answer;
use crate::generator::{Rng, changes, key};
use crate::host::{Host, Store};
use crate::seeded_faults::Faulty;

/// How many operations are run for each variant.
const OPERATIONS: usize = 24;

/// How many batches are cut off.
const KILLS: usize = 8;

/// The most calls of one operation.
const MOST_CALLS: u64 = 40_000;

pub(crate) type Truth = BTreeMap<BindingKey, Binding>;

/// The store that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestedStore {
    AsItIs,
    /// With a fault, which has to be found.
    With(Faulty),
}

impl TestedStore {
    fn of(self, store: &Store) -> Box<dyn BindingStore + '_> {
        match self {
            Self::AsItIs => Box::new(store),
            Self::With(fault) => fault.over(store),
        }
    }
}

/// # Panics
/// If a condition is violated.
pub(crate) fn try_variant(variant: &[Answer], seed: u64, subject: TestedStore) {
    let host = Host::new(variant);
    let mut rng = Rng::new(seed);
    // The error of a Windows that cannot be opened is returned at once.
    let Ok(store) = host.open() else { return };
    let kinds = store.capabilities().kinds;
    let lacks = |key: &BindingKey| {
        let tag = format!(
            "{}_ids",
            match key.kind() {
                certbind_core::Kind::Sni => "sni",
                certbind_core::Kind::ScopedCcs => "scoped_ccs",
                _ => "no",
            }
        );
        variant.iter().any(|(name, _)| *name == tag)
    };
    host.fill(&mut rng, &store, |key| {
        kinds.contains(&key.kind()) && !lacks(key)
    });
    let tried = subject.of(&store);
    for _ in 0..OPERATIONS {
        let calls = host.calls();
        operation(&mut rng, &host, &store, &*tried, &kinds);
        let made = host.calls() - calls;
        assert!(made < MOST_CALLS, "one operation made {made} calls");
    }
    drop(tried);
    drop(store);
    if subject == TestedStore::AsItIs {
        for _ in 0..KILLS {
            cut_off(&mut rng, &host);
        }
    }
}

fn operation(
    rng: &mut Rng,
    host: &Host,
    opened: &Store,
    store: &dyn BindingStore,
    kinds: &[certbind_core::Kind],
) {
    let before = host.truth();
    let reported = settled(opened).len();
    match rng.below(8) {
        0 => {
            let key = key(rng);
            if kinds.contains(&key.kind())
                && let Ok(found) = store.get(&key)
            {
                let truth = before.get(&key);
                assert!(
                    same(found.as_ref(), truth),
                    "get {key}: {found:?}, not {truth:?}"
                );
            }
        }
        1 | 2 => scanned(&before, store.scan(&Scan::all()).map(Iterator::collect)),
        3 => {
            let hash =
                |rng: &mut Rng| CertHash::new([u8::try_from(rng.below(4) + 1).expect("small"); 20]);
            let (old, new) = (hash(rng), hash(rng));
            if old == new {
                return;
            }
            let renewed = store.rotate(&old, &new);
            let after = host.truth();
            let before = recovered(before, &after, &settled(opened)[reported..]);
            applied(&before, &after, &renewed);
            if renewed.is_ok() {
                let left = after
                    .values()
                    .find(|binding| binding.record().hash() == Some(&old));
                assert!(left.is_none(), "rotate left {left:?}");
            }
        }
        _ => {
            let batch = Batch::new(changes(rng, kinds)).expect("each key once");
            let result = store.apply(&batch);
            let after = host.truth();
            let before = recovered(before, &after, &settled(opened)[reported..]);
            applied(&before, &after, &result);
            if result.is_ok() {
                for change in batch.changes() {
                    let wanted = change.new_value();
                    let found = after.get(change.key());
                    assert_eq!(wanted.is_some(), found.is_some(), "{change:?}");
                    let hash = |binding: Option<&Binding>| {
                        binding.and_then(|binding| binding.record().hash().copied())
                    };
                    assert_eq!(
                        hash(wanted),
                        hash(found),
                        "the certificate of {}",
                        change.key()
                    );
                }
            }
        }
    }
}

/// The keys that the store reports as restored after a failed or interrupted batch.
fn settled(store: &Store) -> Vec<BindingKey> {
    let recovery = store.recovery();
    let kept = recovery.kept.into_iter().map(|kept| kept.key);
    recovery.restored.into_iter().chain(kept).collect()
}

/// The bindings before an operation, after it has restored these keys: a change does so first.
fn recovered(mut before: Truth, after: &Truth, keys: &[BindingKey]) -> Truth {
    for key in keys {
        match after.get(key) {
            Some(binding) => before.insert(key.clone(), binding.clone()),
            None => before.remove(key),
        };
    }
    before
}

/// The reported outcomes of a batch are true.
pub(crate) fn applied(before: &Truth, after: &Truth, result: &Result<certbind_core::Applied>) {
    match result {
        Ok(applied) => {
            let mut expected = before.clone();
            for outcome in applied.outcomes() {
                match &outcome.after {
                    Some(binding) => expected.insert(outcome.key.clone(), binding.clone()),
                    None => expected.remove(&outcome.key),
                };
            }
            assert!(
                same_all(&expected, after),
                "done, but {}",
                difference(&expected, after)
            );
        }
        Err(error) => {
            let is_reported = matches!(
                error,
                StoreError::NotRestored { .. } | StoreError::OutcomeUnknown { .. }
            );
            let said = error.to_string();
            for key in changed(before, after) {
                let names = is_reported && said.contains(&key.to_string());
                assert!(
                    names,
                    "{key} has changed, from {:?} to {:?}, and the error is: {said}",
                    before.get(&key),
                    after.get(&key)
                );
            }
        }
    }
}

/// A scan returns all bindings, or reports those that it omits.
pub(crate) fn scanned(truth: &Truth, found: Result<Vec<Result<Binding>>>) {
    let Ok(found) = found else { return };
    let mut shown = Truth::new();
    let mut is_complete = true;
    for found in found {
        match found {
            Ok(binding) => {
                let key = binding.key().clone();
                let is_new = shown.insert(key.clone(), binding).is_none();
                assert!(is_new, "{key} is shown twice");
            }
            Err(_) => is_complete = false,
        }
    }
    for (key, binding) in &shown {
        let truth = truth.get(key);
        let is_so = same(Some(binding), truth) || (!is_complete && truth.is_some());
        assert!(is_so, "scan: {binding:?}, not {truth:?}");
    }
    let missing = truth.keys().find(|key| !shown.contains_key(*key));
    assert!(
        missing.is_none() || !is_complete,
        "a scan without an error misses {missing:?}"
    );
}

fn without_properties(truth: Truth) -> Truth {
    let without = |(key, binding): (BindingKey, Binding)| {
        let mut record = binding.record().clone();
        record.extended = ExtendedProperties::default();
        let binding = binding.with_record(record).expect("the same kind");
        (key, binding)
    };
    truth.into_iter().map(without).collect()
}

/// A batch that is cut off at a call is undone by the next store, or reported.
fn cut_off(rng: &mut Rng, host: &Host) {
    let Ok(store) = host.open() else { return };
    let kinds = store.capabilities().kinds;
    let _ = store.take_notices();
    // A Windows that has no extended properties when a store is opened shows none, whatever it keeps.
    let has_properties = store.capabilities().extended_properties;
    let truth = || match has_properties {
        true => host.truth(),
        false => without_properties(host.truth()),
    };
    let before = truth();
    let batch = Batch::new(changes(rng, &kinds)).expect("each key once");
    let call = *rng.choose(&[Call::Set, Call::Update, Call::Delete, Call::QueryExact]);
    let nth = rng.below(6) as u64 + 1;
    host.simulator.before(call, nth, || panic!("killed"));
    let reported = settled(&store).len();
    let done = catch_unwind(AssertUnwindSafe(|| store.apply(&batch)));
    // A batch that failed before may be undone first, and is reported so.
    let mut conflicts = settled(&store).split_off(reported);
    drop(store);
    if let Ok(result) = &done {
        let after = truth();
        let before = recovered(before.clone(), &after, &conflicts);
        applied(&before, &after, result);
    }
    // The call that should fail may not have occurred.
    for _ in 0..8 {
        let _ = catch_unwind(AssertUnwindSafe(|| {
            if let Ok(store) = host.open() {
                let probe = "ipport=192.0.2.77:443".parse().expect("a key");
                let missing =
                    certbind_core::Record::new([9; 20].into(), None, certbind_core::Uuid::nil());
                let missing = Binding::new(probe, missing).expect("a binding");
                let _ = store.update(missing);
                let found = store.recovery();
                // The batch may have been cut off while the one before it was undone.
                let of_others = found.restored.into_iter();
                conflicts.extend(
                    of_others.filter(|key| !batch.changes().iter().any(|it| it.key() == key)),
                );
                let found = found.conflicts.into_iter().chain(found.kept);
                conflicts.extend(found.map(|conflict| conflict.key));
            }
        }));
    }
    if done.is_ok() {
        return;
    }
    let Ok(store) = host.open() else { return };
    let after = truth();
    let reported: Vec<_> = store
        .take_notices()
        .iter()
        .filter(|notice| matches!(notice, Notice::PendingBatch { .. }))
        .map(ToString::to_string)
        .collect();
    let changed = changed(&before, &after);
    // One change may have happened before the process ended.
    let is_whole = batch.len() == 1 && changed.len() <= 1;
    for key in changed {
        let is_named = !reported.is_empty() || conflicts.contains(&key);
        assert!(
            is_whole || is_named,
            "cut off: {key} has changed, from {:?} to {:?}",
            before.get(&key),
            after.get(&key)
        );
    }
}

fn changed(before: &Truth, after: &Truth) -> Vec<BindingKey> {
    let keys = before.keys().chain(after.keys()).cloned();
    let mut keys: Vec<_> = keys
        .filter(|key| !same(before.get(key), after.get(key)))
        .collect();
    keys.dedup();
    keys
}

fn difference(expected: &Truth, found: &Truth) -> String {
    let keys = changed(expected, found);
    let keys = keys
        .iter()
        .map(|key| format!("{key} is {:?}, not {:?}", found.get(key), expected.get(key)));
    keys.collect::<Vec<_>>().join("; ")
}

fn same_all(a: &Truth, b: &Truth) -> bool {
    changed(a, b).is_empty()
}

/// Whether two bindings are the same but for the spelling of their host name.
fn same(a: Option<&Binding>, b: Option<&Binding>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.key() == b.key() && a.record() == b.record(),
        (None, None) => true,
        _ => false,
    }
}

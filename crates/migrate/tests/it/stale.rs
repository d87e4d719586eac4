//! A plan whose target has moved on.

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings as Scanned, Capabilities, Change,
    Result as Stored, Scan,
};
use certbind_migrate::{Error, Mismatch, Plan, Planner, apply, check};

use crate::backends::{BACKENDS, Bindings, bound, memory, of, stream};

const CREATED: &str = "0.0.0.0:80";
const REPLACED: &str = "0.0.0.0:443";
const DELETED: &str = "hostnameport=gone.example:443";
const KEPT: &str = "hostnameport=kept.example:443";

fn before() -> Bindings {
    of(&[
        bound(REPLACED, 1),
        bound(DELETED, 1),
        bound(KEPT, 1),
        bound("ccs=9", 0),
    ])
}

/// A plan with one step of each kind for [`before`].
fn plan() -> Plan {
    let source = of(&[
        bound(CREATED, 2),
        bound(REPLACED, 2),
        bound(KEPT, 1),
        bound("ccs=9", 0),
    ]);
    let prune = Planner {
        prune: true,
        ..Planner::default()
    };
    prune.plan(stream(&source), stream(&before())).unwrap()
}

/// Every way in which the keys of the plan may have moved.
fn drifts() -> Vec<Change> {
    let remove = |key: &str| Change::remove(key.parse().unwrap());
    let mut respelled = bound(KEPT, 1);
    respelled = respelled.with_host_spelling("KEPT.example").unwrap();
    vec![
        Change::put(bound(CREATED, 9)),
        Change::put(bound(REPLACED, 9)),
        remove(REPLACED),
        Change::put(bound(DELETED, 9)),
        remove(DELETED),
        Change::put(bound(KEPT, 9)),
        Change::put(respelled),
        remove(KEPT),
        remove("ccs=9"),
    ]
}

fn moved(result: Result<impl std::fmt::Debug, Error>) -> Vec<Mismatch> {
    match result {
        Err(Error::Stale { moved, already }) => {
            assert!(!already);
            moved
        }
        other => panic!("not stale: {other:?}"),
    }
}

#[test]
fn drift_is_refused_by_key() {
    for (name, backend) in BACKENDS {
        for drift in drifts() {
            let target = backend().with(&before());
            target.store.apply(&drift.clone().into()).unwrap();
            let drifted = target.held();
            let printed = moved(apply(target.store.as_ref(), &plan()));
            assert_eq!(printed.len(), 1, "{name}: {drift:?}");
            assert_eq!(printed[0].key, *drift.key());
            assert_eq!(printed[0].found.as_ref(), drift.new_value());
            assert_eq!(target.held(), drifted, "{name}: {drift:?}");
        }
    }
}

#[test]
fn every_mismatched_key_is_reported() {
    let target = memory().with(&before());
    for drift in [drifts().remove(0), drifts().remove(2), drifts().remove(5)] {
        target.store.apply(&drift.into()).unwrap();
    }
    let error = apply(target.store.as_ref(), &plan()).unwrap_err();
    let said = error.to_string();
    assert_eq!(
        said,
        format!(
            "3 keys changed since the plan was made; nothing was changed: \
             ipport=0.0.0.0:80 is \
             bound now, by {{00000000-0000-0000-0000-000000000000}}; ipport=0.0.0.0:443 is no \
             longer bound; hostnameport=kept.example:443 certificate: {} -> {}; make the plan \
             again",
            "01".repeat(20),
            "09".repeat(20)
        )
    );
    assert_eq!(moved(check(target.store.as_ref(), &plan())).len(), 3);
}

#[test]
fn drift_outside_the_plan_is_ignored() {
    let target = memory().with(&before());
    target.store.insert(bound("10.0.0.1:443", 9)).unwrap();
    apply(target.store.as_ref(), &plan()).unwrap();
}

#[test]
fn a_plan_that_has_been_applied_is_refused_as_such() {
    let target = memory().with(&before());
    let undo = apply(target.store.as_ref(), &plan()).unwrap();
    let again = apply(target.store.as_ref(), &plan()).unwrap_err();
    assert!(
        matches!(again, Error::Stale { already: true, .. }),
        "{again}"
    );
    assert!(again.to_string().contains("already applied"), "{again}");
    apply(target.store.as_ref(), &undo).unwrap();
    let again = apply(target.store.as_ref(), &undo).unwrap_err();
    assert!(
        matches!(again, Error::Stale { already: true, .. }),
        "{again}"
    );
}

/// A store that another program changes at a certain moment.
struct Meddled<'a> {
    store: &'a dyn BindingStore,
    before_apply: Option<Change>,
    after_apply: Option<Change>,
    isolated: bool,
}

impl BindingStore for Meddled<'_> {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = self.store.capabilities();
        capabilities.isolated_batch = self.isolated;
        capabilities
    }

    fn get(&self, key: &BindingKey) -> Stored<Option<Binding>> {
        self.store.get(key)
    }

    fn scan(&self, scan: &Scan) -> Stored<Scanned<'_>> {
        self.store.scan(scan)
    }

    fn apply(&self, batch: &Batch) -> Stored<Applied> {
        if let Some(change) = &self.before_apply {
            self.store.apply(&change.clone().into())?;
        }
        let applied = self.store.apply(batch)?;
        if let Some(change) = &self.after_apply {
            self.store.apply(&change.clone().into())?;
        }
        Ok(applied)
    }
}

#[test]
fn drift_after_the_check_is_refused() {
    for drift in drifts() {
        let target = memory().with(&before());
        let meddled = Meddled {
            store: target.store.as_ref(),
            before_apply: Some(drift.clone()),
            after_apply: None,
            isolated: true,
        };
        let printed = moved(apply(&meddled, &plan()));
        assert_eq!(printed[0].key, *drift.key());
        let drifted = memory().with(&before());
        drifted.store.apply(&drift.into()).unwrap();
        assert_eq!(target.held(), drifted.held());
    }
}

#[test]
fn difference_after_apply_is_reported() {
    // In a store without isolation the unchanged keys are read after the batch too.
    for (key, isolated) in [(REPLACED, true), (CREATED, true), (KEPT, false)] {
        let target = memory().with(&before());
        let meddled = Meddled {
            store: target.store.as_ref(),
            before_apply: None,
            after_apply: Some(Change::put(bound(key, 9))),
            isolated,
        };
        let error = apply(&meddled, &plan()).unwrap_err();
        assert!(error.to_string().contains("was applied"), "{error}");
        let Error::ReadBack(printed) = error else {
            panic!("{error}")
        };
        assert_eq!(printed.len(), 1);
        assert_eq!(printed[0].found, Some(bound(key, 9)));
    }
}

#[test]
fn refusal_of_the_store_changes_nothing() {
    let refused = bound("ccs=443", 0);
    let mut record = refused.record().clone();
    record.flags = certbind_core::SslFlags::REJECT;
    let source = of(&[bound(CREATED, 2), refused.with_record(record).unwrap()]);
    let target = BACKENDS[2].1().with(&before());
    let plan = Planner::default()
        .plan(stream(&source), stream(&before()))
        .unwrap();
    let error = apply(target.store.as_ref(), &plan).unwrap_err();
    assert!(matches!(error, Error::Store(_)), "{error}");
    assert_eq!(target.held(), before());
}

#[test]
fn undo_covers_changed_keys_only() {
    let target = memory().with(&before());
    let undo = apply(target.store.as_ref(), &plan()).unwrap();
    target.store.put(bound(KEPT, 9)).unwrap();
    apply(target.store.as_ref(), &undo).unwrap();
    let mut expected = before();
    expected.extend(of(&[bound(KEPT, 9)]));
    assert_eq!(target.held(), expected);
}

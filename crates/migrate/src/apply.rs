//! Applying a plan.

use certbind_core::{
    Batch, Binding, BindingStore, Change, Precondition, Result as Stored, StoreError,
};

use crate::error::Error;
use crate::mismatch::Mismatch;
use crate::plan::{Plan, Step};

/// Checks that every key is still in the state that the plan was made from, unchanged keys
/// included. Changes nothing.
///
/// # Errors
/// [`Error::Stale`] with all the keys that moved.
pub fn check(store: &dyn BindingStore, plan: &Plan) -> Result<(), Error> {
    let moved = unlike(store, plan, Step::expected)?;
    if moved.is_empty() {
        return Ok(());
    }
    Err(Error::Stale {
        already: plan.changes().next().is_some()
            && unlike(store, plan, Step::new_value)?.is_empty(),
        moved,
    })
}

/// Applies a plan: checks it, makes its changes in one batch, all or none, and reads the written
/// bindings back. Returns the plan that undoes it, which expects each binding in the form that the
/// store reports.
///
/// To be able to undo the plan after a crash, save [`Plan::inverse`] before calling this.
///
/// A store whose capabilities guarantee isolated batches checks the unchanged keys in the batch
/// itself; in another store they are read just before and just after it.
///
/// ```
/// use certbind_migrate::{Planner, apply};
/// use certbind_core::{Binding, BindingStore, CertHash, MemoryStore, Record, Scan, Uuid};
///
/// let (source, target) = (MemoryStore::new(), MemoryStore::new());
/// let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
/// source.insert(Binding::new("0.0.0.0:443".parse()?, record)?)?;
///
/// let plan = Planner::default().plan(source.scan(&Scan::all())?, target.scan(&Scan::all())?)?;
/// let undo = apply(&target, &plan)?;
/// assert_eq!(target.scan(&Scan::all())?.count(), 1);
/// apply(&target, &undo)?;
/// assert_eq!(target.scan(&Scan::all())?.count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Stale`] if keys changed since the plan was made, also between the check and the batch;
/// [`Error::Store`] if the store refuses; [`Error::ReadBack`], and then **the plan was applied**,
/// if the bindings read back differ from the reported ones.
pub fn apply(store: &dyn BindingStore, plan: &Plan) -> Result<Plan, Error> {
    check(store, plan)?;
    let mut stored = plan.clone();
    if plan.changes().next().is_some() {
        match store.apply(&batch(store, plan)?) {
            Ok(applied) => stored = plan.clone().stored_as(&applied),
            Err(refused) => {
                if matches!(
                    refused,
                    StoreError::Conflict { .. }
                        | StoreError::AlreadyExists { .. }
                        | StoreError::NotFound { .. }
                ) {
                    // All keys that changed, where the store reports only the first.
                    check(store, plan)?;
                }
                return Err(refused.into());
            }
        }
    }
    let differing = unlike(store, &stored, Step::new_value)?;
    if differing.is_empty() {
        Ok(stored.inverse())
    } else {
        Err(Error::ReadBack(differing))
    }
}

fn batch(store: &dyn BindingStore, plan: &Plan) -> Stored<Batch> {
    let promised = store.capabilities();
    let all = promised.isolated_batch
        && promised
            .max_batch
            .is_none_or(|most| plan.steps().len() <= most.get());
    let steps = plan.steps().iter().filter(|step| all || step.changes());
    let changes = steps.map(|step| {
        let expect = match step.expected() {
            Some(binding) => Precondition::Exactly(Box::new(binding.clone())),
            None => Precondition::Absent,
        };
        Change::new(step.key().clone(), expect, step.new_value().cloned())
    });
    Batch::new(changes.collect::<Stored<Vec<_>>>()?)
}

/// The keys of a plan that differ from `expected`.
fn unlike(
    store: &dyn BindingStore,
    plan: &Plan,
    expected: impl Fn(&Step) -> Option<&Binding>,
) -> Stored<Vec<Mismatch>> {
    let mut moved = Vec::new();
    for step in plan.steps() {
        let (found, expected) = (store.get(step.key())?, expected(step));
        if found.as_ref() != expected {
            moved.push(Mismatch {
                key: step.key().clone(),
                expected: expected.cloned(),
                found,
            });
        }
    }
    Ok(moved)
}

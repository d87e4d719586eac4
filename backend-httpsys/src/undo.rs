//! Undoing the steps of a batch.

use certbind_core::{Binding, BindingKey, Outcome, Result, StoreError};
use certbind_httpapi_abi::HttpApi;

use crate::compare::{is_mixture, is_stored_form, plain, same_for_windows};
use crate::records::{ReadCache, other_spelling};
use crate::session::Session;
use crate::step::{Log, Step, Writer};

/// How often a key is read again when another program changes it while it is restored.
const UNDO_ATTEMPTS: u32 = 4;

/// The undone changes of batches that a crash or a power cut interrupted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// The keys that were restored to their state before the batch.
    pub restored: Vec<BindingKey>,
    /// The keys that another program has changed since, which were left unchanged.
    pub conflicts: Vec<RecoveryConflict>,
    /// The keys that were restored, but for which Windows stores a different record: it may keep
    /// extended properties or flags that the batch had set.
    pub kept: Vec<RecoveryConflict>,
}

/// A key whose state differs from the one before the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryConflict {
    /// The key.
    pub key: BindingKey,
    /// The record before the batch, which the undo tried to restore.
    pub before: Option<Binding>,
    /// The record found.
    pub found: Option<Binding>,
}

/// A key that could not be restored.
#[derive(Debug)]
pub(crate) struct RevertError {
    pub(crate) key: BindingKey,
    pub(crate) before: Option<Binding>,
    pub(crate) error: StoreError,
}

/// The error of a batch that failed for `cause` and could not be undone: it names every key that
/// differs from its earlier state.
pub(crate) fn not_restored(cause: StoreError, failed: Vec<RevertError>) -> StoreError {
    failed
        .into_iter()
        .fold(cause, |cause, failed| StoreError::NotRestored {
            key: failed.key,
            before: failed.before.map(Box::new),
            source: Box::new(cause),
            restore: Box::new(failed.error),
        })
}

/// The steps of a batch, with a log for the one that is being taken or reverted.
pub(crate) trait Steps {
    fn steps(&self) -> &[Step];
    fn log(&mut self, step: usize) -> Box<dyn Log + '_>;
}

/// Takes the first `count` steps back, the last one first. A step that cannot be taken back keeps
/// none of the others from it.
pub(crate) fn undo<A: HttpApi>(
    session: &Session<A>,
    steps: &mut dyn Steps,
    count: usize,
) -> (Recovery, Vec<RevertError>) {
    let mut recovery = Recovery::default();
    let mut failed = Vec::new();
    for index in (0..count).rev() {
        if let Err(error) = revert(session, steps, index, &mut recovery) {
            let Outcome { key, before, .. } = steps.steps()[index].outcome.clone();
            failed.push(RevertError { key, before, error });
        }
    }
    (recovery, failed)
}

/// Restores a key, if it holds the record that the step left. A second call, or a call before the
/// step was taken, changes nothing.
fn revert<A: HttpApi>(
    session: &Session<A>,
    steps: &mut dyn Steps,
    index: usize,
    recovery: &mut Recovery,
) -> Result<()> {
    let mut attempt = 1;
    loop {
        let step = steps.steps()[index].clone();
        let Outcome { key, before, after } = &step.outcome;
        let cache = ReadCache::default();
        let found = session.binding(key, &cache)?;
        let found = found.as_ref();
        let ours = found == after.as_ref() || found.is_some_and(|found| step.seen.contains(found));
        // The stored form of the new record may look like the old one as well, where a time was 0.
        let is_new = ours || same_for_windows(found, after.as_ref());
        // The same holds for a step that was interrupted before it set the properties.
        let may_be_new = match (found, after) {
            (Some(found), Some(after)) => is_new || is_stored_form(found, after),
            _ => is_new,
        };
        if found == before.as_ref() || (!may_be_new && same_for_windows(found, before.as_ref())) {
            if let (None, None, Some(after)) = (found, before, after) {
                recovery.conflicts.extend(elsewhere(session, after)?);
            }
            return Ok(());
        }
        if !is_new && !is_between(&step, found) {
            recovery.conflicts.push(RecoveryConflict {
                key: key.clone(),
                before: before.clone(),
                found: found.cloned(),
            });
            return Ok(());
        }
        let back = Outcome {
            key: key.clone(),
            before: found.cloned(),
            after: before.clone(),
        };
        let mut log = steps.log(index);
        let mut notices = Vec::new();
        let mut writer = Writer {
            session,
            log: &mut *log,
            notices: &mut notices,
            written: &[],
        };
        match writer.write(&back, &cache) {
            // It was read from this Windows, so it is stored without a change of form.
            Ok(found) if found != *before => {
                recovery.kept.push(RecoveryConflict {
                    key: key.clone(),
                    before: before.clone(),
                    found,
                });
                return Ok(());
            }
            Ok(_) => {
                recovery.restored.push(key.clone());
                return Ok(());
            }
            Err(failed) if failed.raced && attempt < UNDO_ATTEMPTS => attempt += 1,
            Err(failed) => return Err(failed.error),
        }
    }
}

/// A record like the written one, under a key that Windows may have derived. It may have existed
/// before, so it is left unchanged and reported.
fn elsewhere<A: HttpApi>(
    session: &Session<A>,
    written: &Binding,
) -> Result<Option<RecoveryConflict>> {
    let Some(key) = other_spelling(written.key()) else {
        return Ok(None);
    };
    let found = session.binding(&key, &ReadCache::default())?;
    let same = found.filter(|found| plain(found) == plain(written));
    Ok(same.map(|found| RecoveryConflict {
        key,
        before: None,
        found: Some(found),
    }))
}

/// Whether a key with this record may be in an intermediate state of the step, or of its undo.
fn is_between(step: &Step, found: Option<&Binding>) -> bool {
    let Outcome { before, after, .. } = &step.outcome;
    let Some(found) = found else {
        return step.gap;
    };
    let ends = (before.as_ref(), after.as_ref());
    let (a, b) = match ends {
        (Some(a), Some(b)) => (a, b),
        (Some(end), None) | (None, Some(end)) => (end, end),
        (None, None) => return false,
    };
    is_mixture(found, a, b)
}

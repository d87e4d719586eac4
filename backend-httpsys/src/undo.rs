//! What a batch does step by step, and how it is undone.

use certbind_core::{
    Binding, BindingKey, ExtendedProperties, Outcome, Property, Record, Result, StoreError,
    StoreName,
};
use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::NO_ERROR;

use crate::session::Session;
use certbind_httpapi_abi::HttpApi;

/// How often a key is looked at anew when another program changes it while it is restored.
const UNDO_ATTEMPTS: u32 = 4;

/// What a batch does to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) outcome: Outcome,
    /// Whether the record is deleted first and set anew, so that the key may be found unbound.
    pub(crate) gap: bool,
}

/// What was undone when a store was opened whose last batch had been cut off, by a crash or a
/// power cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// The keys that were given back what they held before the batch.
    pub restored: Vec<BindingKey>,
    /// The keys that another program has changed since, and that were left as they are.
    pub conflicts: Vec<RecoveryConflict>,
}

/// A key that the batch had changed, and another program after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryConflict {
    /// The key.
    pub key: BindingKey,
    /// What it held before the batch, and would have been given back.
    pub before: Option<Binding>,
    /// What it holds.
    pub found: Option<Binding>,
}

/// A step that was not taken.
#[derive(Debug)]
pub(crate) struct StepError {
    pub(crate) error: StoreError,
    /// Whether the key does not hold what it held when it was read, since another program has
    /// changed it, or the record turns out not to be replaceable in one call.
    pub(crate) raced: bool,
    /// Whether something had been done: the record was deleted when the new one was refused, or was
    /// there when a property was.
    pub(crate) begun: bool,
}

/// A key that could not be given back what it held.
pub(crate) struct RevertError {
    pub(crate) key: BindingKey,
    pub(crate) before: Option<Binding>,
    pub(crate) error: StoreError,
}

impl RevertError {
    /// The error of a batch that failed for `cause` and could not be undone.
    pub(crate) fn after(self, cause: StoreError) -> StoreError {
        StoreError::NotRestored {
            key: self.key,
            before: self.before.map(Box::new),
            source: Box::new(cause),
            restore: Box::new(self.error),
        }
    }
}

impl Step {
    pub(crate) fn plan<A: HttpApi>(session: &Session<A>, outcome: &Outcome) -> Self {
        let gap = match (&outcome.before, &outcome.after) {
            // An update finds the record by its name; nothing says that it spells it anew.
            (Some(before), Some(after)) => {
                !session.updates() || before.host_spelling() != after.host_spelling()
            }
            _ => false,
        };
        let outcome = outcome.clone();
        Self { outcome, gap }
    }

    /// How many calls change something, at least.
    pub(crate) fn calls(&self) -> usize {
        let properties = usize::from(self.sets_properties());
        properties
            + match (&self.outcome.before, &self.outcome.after) {
                (None, None) => 0,
                (Some(_), Some(_)) if self.gap => 2,
                _ => 1,
            }
    }

    /// Whether properties are looked at once the record is there.
    fn sets_properties(&self) -> bool {
        let Outcome { before, after, .. } = &self.outcome;
        let has = |binding: &Option<Binding>| {
            let record = binding.as_ref().map(Binding::record);
            record.is_some_and(|record| !record.extended.is_empty())
        };
        after.is_some() && (has(before) || has(after))
    }

    pub(crate) fn apply<A: HttpApi>(&self, session: &Session<A>) -> Result<(), StepError> {
        let Outcome { before, after, .. } = &self.outcome;
        match (before, after) {
            (Some(_), Some(after)) if !self.gap => update(session, after),
            (before, after) => {
                if let Some(before) = before {
                    delete(session, before)?;
                }
                let Some(after) = after else { return Ok(()) };
                set(session, after).map_err(|refusal| StepError {
                    begun: before.is_some(),
                    ..refusal
                })
            }
        }?;
        match after {
            Some(after) if self.sets_properties() => set_properties(session, after),
            _ => Ok(()),
        }
    }

    /// Whether a key that holds this may have been left so in the midst of the step, or of its being
    /// taken back.
    fn is_between(&self, found: Option<&Binding>) -> bool {
        let Outcome { before, after, .. } = &self.outcome;
        let Some(found) = found else {
            return self.gap;
        };
        let ends = || [before, after].into_iter().flatten();
        let bare = |binding: &Binding| {
            plain(binding.record()).with_extended(ExtendedProperties::default())
        };
        let own = |set: &Property| {
            let mut ends = ends().map(|end| end.record().extended.get(set.property_type()));
            ends.any(|end| end == Some(set))
        };
        let has_properties = ends().any(|end| !end.record().extended.is_empty());
        has_properties
            && ends().any(|end| bare(end) == bare(found))
            && found.record().extended.iter().all(own)
    }

    /// Gives the key back what it held, if it holds what the step left there. Taking it back
    /// twice, or before it was taken, changes nothing.
    fn revert<A: HttpApi>(&self, session: &Session<A>, recovery: &mut Recovery) -> Result<()> {
        let Outcome { key, before, after } = &self.outcome;
        let mut attempt = 1;
        loop {
            let found = session.get(key)?;
            let ours = same(found.as_ref(), after.as_ref());
            if found == *before || (!ours && same(found.as_ref(), before.as_ref())) {
                return Ok(());
            }
            if !ours && !self.is_between(found.as_ref()) {
                recovery.conflicts.push(RecoveryConflict {
                    key: key.clone(),
                    before: before.clone(),
                    found,
                });
                return Ok(());
            }
            let back = Outcome {
                key: key.clone(),
                before: found,
                after: before.clone(),
            };
            match Self::plan(session, &back).apply(session) {
                Ok(()) => {
                    recovery.restored.push(key.clone());
                    return Ok(());
                }
                Err(refusal) if refusal.raced && attempt < UNDO_ATTEMPTS => attempt += 1,
                Err(refusal) => return Err(refusal.error),
            }
        }
    }
}

/// Takes the steps back, the last one first. A step that cannot be taken back keeps none of the
/// others from it.
pub(crate) fn undo<A: HttpApi>(
    session: &Session<A>,
    steps: &[Step],
) -> Result<Recovery, Box<RevertError>> {
    let mut recovery = Recovery::default();
    let mut failed = None;
    for step in steps.iter().rev() {
        if let Err(error) = step.revert(session, &mut recovery) {
            let Outcome { key, before, .. } = step.outcome.clone();
            failed.get_or_insert_with(|| Box::new(RevertError { key, before, error }));
        }
    }
    failed.map_or(Ok(recovery), Err)
}

fn set<A: HttpApi>(session: &Session<A>, binding: &Binding) -> Result<(), StepError> {
    let raced = |code| code == win32::ALREADY_EXISTS;
    outcome(session.set(binding), binding, "setting", raced)
}

fn update<A: HttpApi>(session: &Session<A>, binding: &Binding) -> Result<(), StepError> {
    let raced = |code| code == win32::CALL_NOT_IMPLEMENTED || is_missing(code);
    outcome(session.update(binding), binding, "updating", raced)
}

fn set_properties<A: HttpApi>(session: &Session<A>, binding: &Binding) -> Result<(), StepError> {
    let refused = match session.set_properties(binding) {
        Ok(()) => return Ok(()),
        Err(Err(error)) => Err(StepError {
            error,
            raced: false,
            begun: true,
        }),
        Err(Ok(code)) => outcome(code, binding, "setting extended properties of", is_missing),
    };
    refused.map_err(|refusal| StepError {
        begun: true,
        ..refusal
    })
}

fn delete<A: HttpApi>(session: &Session<A>, binding: &Binding) -> Result<(), StepError> {
    outcome(session.delete(binding), binding, "deleting", is_missing)
}

/// Both mean that the record is not there (as WiX takes them).
fn is_missing(code: u32) -> bool {
    matches!(code, win32::FILE_NOT_FOUND | win32::NO_MORE_ITEMS)
}

fn outcome(
    code: u32,
    binding: &Binding,
    action: &'static str,
    raced: impl Fn(u32) -> bool,
) -> Result<(), StepError> {
    if code == NO_ERROR {
        return Ok(());
    }
    Err(StepError {
        error: error(code, binding, action),
        raced: raced(code),
        begun: false,
    })
}

fn error(code: u32, binding: &Binding, action: &'static str) -> StoreError {
    let code = match code {
        missing if is_missing(missing) => win32::FILE_NOT_FOUND,
        code => code,
    };
    match win32::store_error(code, binding.key(), action) {
        StoreError::CertificateUnavailable { key, .. } => StoreError::CertificateUnavailable {
            key,
            certificate: binding.record().certificate.clone(),
        },
        error => error,
    }
}

/// Whether HTTP.sys may have made the one out of the other: it gives an absent store name back for
/// `MY`, and may keep the spelling of a name.
fn same(found: Option<&Binding>, written: Option<&Binding>) -> bool {
    let (Some(found), Some(written)) = (found, written) else {
        return found.is_none() && written.is_none();
    };
    found.key() == written.key() && plain(found.record()) == plain(written.record())
}

fn plain(record: &Record) -> Record {
    let mut record = record.clone();
    if let Some(certificate) = &mut record.certificate {
        let my = |name: &StoreName| name.as_str().eq_ignore_ascii_case("MY");
        certificate.store_name = certificate.store_name.take().filter(|name| !my(name));
    }
    record
}

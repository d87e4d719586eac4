//! One step of a batch: the calls that change a key, and the record read back after them.
//!
//! The result code of a call is not trusted. After each call the key is read back: the record found
//! decides whether the step was applied, and is the precondition of an undo.

use certbind_core::{Binding, BindingKey, Outcome, Result, StoreError};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::NO_ERROR;

use crate::code::{is_absent, is_unsupported};
use crate::compare::{is_stored_form, same_but_properties};
use crate::notice::{Notice, StoredDifferently};
use crate::properties::{PropertyError, SETTLE_ATTEMPTS, with};
use crate::records::{ReadCache, has_one_spelling};
use crate::session::{Session, unreadable};

/// The change of a batch to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) outcome: Outcome,
    /// Whether the record is deleted first and set again, so that the key may be found unbound.
    pub(crate) gap: bool,
    /// The records that were read back after the step, where they differ from the intended one.
    pub(crate) seen: Vec<Binding>,
}

/// A step that failed.
#[derive(Debug)]
pub(crate) struct StepError {
    pub(crate) error: StoreError,
    /// Whether another program has changed the key since it was read, so that another attempt of
    /// the batch may succeed.
    pub(crate) raced: bool,
    /// Whether the key may have another record than before.
    pub(crate) touched: bool,
}

/// Stores the observations that an undo needs, before the step continues.
pub(crate) trait Log {
    /// The step is about to delete the record, in order to set it again.
    fn gap(&mut self) -> Result<()>;
    /// The step has left this at the key, and is not done.
    fn seen(&mut self, found: &Binding) -> Result<()>;
    /// The step is done, and Windows has stored this.
    fn stored(&mut self, found: &Binding) -> Result<()>;
}

pub(crate) fn untouched(error: StoreError) -> StepError {
    StepError {
        error,
        raced: false,
        touched: false,
    }
}

impl Step {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            gap: false,
            seen: Vec::new(),
        }
    }

    /// How many calls change something, at least. A call that may leave a mixture counts as two.
    pub(crate) fn calls<A: HttpApi>(&self, session: &Session<A>) -> usize {
        let Outcome { before, after, .. } = &self.outcome;
        let has = |binding: &Option<Binding>| {
            binding
                .as_ref()
                .is_some_and(|binding| !binding.record().extended.is_empty())
        };
        let properties = usize::from(after.is_some() && (has(before) || has(after)));
        properties
            + match (before, after) {
                (None, None) => 0,
                (Some(before), Some(after)) if !by_update(session, before, after) => 2,
                (Some(_), Some(after)) if !session.replaces(after.key().kind()) => 2,
                _ => 1,
            }
    }
}

/// Whether a record is replaced in one call: an update finds the record by its name, and is not
/// documented to change the spelling.
fn by_update<A: HttpApi>(session: &Session<A>, before: &Binding, after: &Binding) -> bool {
    session.updates(after.key().kind()) && before.host_spelling() == after.host_spelling()
}

/// The changes of one key.
pub(crate) struct Writer<'a, A: HttpApi> {
    pub(crate) session: &'a Session<A>,
    pub(crate) log: &'a mut dyn Log,
    pub(crate) notices: &'a mut Vec<Notice>,
    /// The keys that the batch has written.
    pub(crate) written: &'a [BindingKey],
}

impl<A: HttpApi> Writer<'_, A> {
    /// Sets a key to `after`, and returns the record read back.
    pub(crate) fn write(
        &mut self,
        outcome: &Outcome,
        cache: &ReadCache,
    ) -> Result<Option<Binding>, StepError> {
        let Outcome { key, before, after } = outcome;
        let found = match (before, after) {
            (None, None) => return Ok(None),
            (Some(before), None) => {
                self.delete(before)?;
                return Ok(None);
            }
            (None, Some(after)) => self.set(after, None, cache)?,
            (Some(before), Some(after)) if same_but_properties(before, after) => before.clone(),
            (Some(before), Some(after)) => self.replace(before, after, cache)?,
        };
        let Some(after) = after else { return Ok(None) };
        let had_properties = before
            .as_ref()
            .is_some_and(|before| !before.record().extended.is_empty());
        let wants_properties = !after.record().extended.is_empty();
        let has_properties = had_properties || wants_properties;
        let found = match self.session.has_properties() && has_properties {
            true => self.set_properties(found, after)?,
            false => found,
        };
        if found != *after {
            self.log.stored(&found).map_err(touched)?;
            self.notices.push(Notice::StoredAs {
                key: key.clone(),
                wanted: after.clone(),
                found: found.clone(),
            });
        }
        Ok(Some(found))
    }

    fn replace(
        &mut self,
        before: &Binding,
        after: &Binding,
        cache: &ReadCache,
    ) -> Result<Binding, StepError> {
        if by_update(self.session, before, after)
            && let Some(found) = self.update(before, after)?
        {
            return Ok(found);
        }
        self.log.gap().map_err(untouched)?;
        self.delete(before)?;
        let found = self.set(after, Some(before), cache);
        found.map_err(|error| StepError {
            touched: true,
            ..error
        })
    }

    /// The record as it is stored. None if Windows does not replace this record by an update and
    /// left it unchanged, or if the record found is a mixture.
    fn update(&mut self, before: &Binding, after: &Binding) -> Result<Option<Binding>, StepError> {
        let key = after.key();
        let is_unchanged = || {
            let found = self.read(after);
            matches!(found, Ok(Some(found)) if same_but_properties(&found, before))
        };
        let code = self
            .session
            .change(|| self.session.update(after), is_unchanged);
        let found = self.read_settled(after, |found| {
            code != NO_ERROR || found.is_some_and(|found| same_but_properties(found, after))
        })?;
        let Some(found) = found else {
            return Err(StepError {
                error: StoreError::NotFound { key: key.clone() },
                raced: is_absent(code),
                touched: !is_absent(code),
            });
        };
        if is_stored_form(&found, after) {
            self.note_code(code, key, "updating");
            if code == NO_ERROR && same_but_properties(&found, after) {
                self.session.seen_to_replace(key.kind());
            }
            return Ok(Some(found));
        }
        if same_but_properties(&found, before) {
            let is_documented = key.kind() != certbind_core::Kind::ScopedCcs;
            let is_refusal = code == win32::INVALID_PARAMETER && is_documented;
            if code == NO_ERROR || is_absent(code) || (is_unsupported(code) && !is_refusal) {
                if code != NO_ERROR {
                    self.session.without_updates(key.kind());
                }
                return Ok(None);
            }
            return Err(untouched(call_error(code, after, "updating")));
        }
        // A mixture of both records, or another program's.
        self.log.seen(&found).map_err(touched)?;
        match code {
            NO_ERROR => Ok(None),
            code => Err(touched(call_error(code, after, "updating"))),
        }
    }

    /// The record as it is stored. `replaced` was deleted before.
    fn set(
        &mut self,
        after: &Binding,
        replaced: Option<&Binding>,
        cache: &ReadCache,
    ) -> Result<Binding, StepError> {
        let key = after.key();
        // Windows may store the record under another key, which then shows among the others.
        let listed = (!has_one_spelling(key)).then(|| cache.records(self.session, key.kind()));
        let is_unbound = || matches!(self.read(after), Ok(None));
        let mut code = self.session.change(|| self.session.set(after), is_unbound);
        // A deletion may take a while.
        for attempt in 0..DELETE_SETTLES {
            if code != win32::ALREADY_EXISTS || replaced.is_none() || !is_unbound() {
                break;
            }
            self.session.pause(attempt);
            code = self.session.set(after);
        }
        let found = self.read_settled(after, |found| code != NO_ERROR || found.is_some());
        let found = match (found, &listed) {
            (Err(error), Some(listed)) => return Err(self.elsewhere(after, listed, error)),
            (found, _) => found?,
        };
        match found {
            Some(found) if code == win32::ALREADY_EXISTS && replaced.is_none() => {
                let found = Some(Box::new(found));
                let key = key.clone();
                Err(StepError {
                    error: StoreError::AlreadyExists { key, found },
                    raced: true,
                    touched: false,
                })
            }
            Some(found) if is_stored_form(&found, after) => {
                self.note_code(code, key, "setting");
                Ok(found)
            }
            Some(found) => {
                self.log.seen(&found).map_err(touched)?;
                Err(touched(match code {
                    NO_ERROR => stored_differently(after, &found),
                    code => call_error(code, after, "setting"),
                }))
            }
            None => {
                let error = StepError {
                    error: match code {
                        NO_ERROR => forgotten(key, "setting"),
                        code => call_error(code, after, "setting"),
                    },
                    raced: code == win32::ALREADY_EXISTS,
                    touched: false,
                };
                Err(match listed {
                    Some(listed) => self.elsewhere(after, listed, error),
                    None => error,
                })
            }
        }
    }

    pub(crate) fn delete(&mut self, before: &Binding) -> Result<(), StepError> {
        let key = before.key();
        let is_bound = || matches!(self.read(before), Ok(Some(_)));
        let code = self
            .session
            .change(|| self.session.delete(before), is_bound);
        let is_gone = |found: Option<&Binding>| code != NO_ERROR || found.is_none();
        let found = self.read_settled_for(DELETE_SETTLES, before, is_gone)?;
        match (code, found) {
            (code, None) if is_absent(code) => Err(StepError {
                error: StoreError::NotFound { key: key.clone() },
                raced: true,
                touched: false,
            }),
            (code, None) => {
                self.note_code(code, key, "deleting");
                Ok(())
            }
            (code, Some(found)) if same_but_properties(&found, before) => Err(StepError {
                error: match code {
                    NO_ERROR => not_gone(key),
                    code => call_error(code, before, "deleting"),
                },
                raced: is_absent(code),
                touched: false,
            }),
            // Another program has bound it in the meantime.
            (_, Some(_)) => Err(StepError {
                error: StoreError::Unstable { attempts: 1 },
                raced: true,
                touched: false,
            }),
        }
    }

    /// Deletes the properties of a new record that an earlier one of its key has left, and returns
    /// the resulting binding.
    pub(crate) fn clear(&mut self, new: &Binding) -> Result<Binding, StepError> {
        let found = self.set_properties(new.clone(), new)?;
        if found != *new {
            self.log.stored(&found).map_err(touched)?;
            self.notices.push(Notice::StoredAs {
                key: new.key().clone(),
                wanted: new.clone(),
                found: found.clone(),
            });
        }
        Ok(found)
    }

    fn set_properties(&mut self, found: Binding, after: &Binding) -> Result<Binding, StepError> {
        let set = match self.session.set_properties(after) {
            Ok(set) => set,
            Err(PropertyError::Unreadable(error)) => return Err(touched(error)),
            Err(PropertyError::Refused(code)) => {
                let action = "setting extended properties of";
                return Err(StepError {
                    raced: is_absent(code),
                    ..touched(call_error(code, after, action))
                });
            }
        };
        let found = with(found, set).map_err(touched)?;
        let wanted = &after.record().extended;
        let is_kept = wanted.iter().all(|property| {
            found.record().extended.get(property.property_type()) == Some(property)
        });
        match is_kept {
            // An unwanted property that remains is a default of this Windows.
            true => Ok(found),
            false => {
                self.log.seen(&found).map_err(touched)?;
                Err(touched(stored_differently(after, &found)))
            }
        }
    }

    /// The record that is at the key now, without properties.
    fn read(&self, written: &Binding) -> Result<Option<Binding>> {
        let (key, spelling) = (written.key(), written.host_spelling());
        self.session.record(key, spelling, &ReadCache::default())
    }

    /// The same, read repeatedly for a short time until it is as expected.
    fn read_settled(
        &self,
        written: &Binding,
        is_expected: impl Fn(Option<&Binding>) -> bool,
    ) -> Result<Option<Binding>, StepError> {
        self.read_settled_for(SETTLE_ATTEMPTS, written, is_expected)
    }

    fn read_settled_for(
        &self,
        attempts: u32,
        written: &Binding,
        is_expected: impl Fn(Option<&Binding>) -> bool,
    ) -> Result<Option<Binding>, StepError> {
        let mut found = self.read(written);
        for attempt in 0..attempts {
            if matches!(&found, Ok(found) if is_expected(found.as_ref())) {
                break;
            }
            self.session.pause(attempt);
            found = self.read(written);
        }
        found.map_err(|error| {
            let what = format!("{}, after it was written,", written.key());
            touched(unreadable(what, error))
        })
    }

    /// Notes a call that has happened although it was answered with an error.
    fn note_code(&mut self, code: u32, key: &BindingKey, action: &'static str) {
        if code != NO_ERROR {
            self.notices.push(Notice::HappenedDespiteError {
                key: key.clone(),
                action,
                code,
            });
        }
    }
}

/// How often a record is read, or set again, while its deletion takes effect: by default for 1.3
/// seconds.
const DELETE_SETTLES: u32 = 8;

pub(crate) fn touched(error: StoreError) -> StepError {
    StepError {
        error,
        raced: false,
        touched: true,
    }
}

fn forgotten(key: &BindingKey, action: &'static str) -> StoreError {
    StoreError::Backend {
        key: Some(key.clone()),
        action: action.into(),
        source: "the HTTP Server API reported success, and nothing has changed".into(),
    }
}

/// A deletion that was reported, and that may take effect later.
fn not_gone(key: &BindingKey) -> StoreError {
    StoreError::Backend {
        key: Some(key.clone()),
        action: "deleting".into(),
        source: "the HTTP Server API reported success, but the key is still bound; list the \
                 bindings before you try again, since it may be deleted later"
            .into(),
    }
}

/// The record of a set under another key stays there.
pub(crate) fn not_deleted(found: &Binding, error: StoreError) -> StepError {
    let restore = forgotten(found.key(), "deleting");
    let key = found.key().clone();
    touched(StoreError::NotRestored {
        key,
        before: None,
        source: Box::new(error),
        restore: Box::new(restore),
    })
}

pub(crate) fn stored_differently(wanted: &Binding, found: &Binding) -> StoreError {
    StoreError::Backend {
        key: Some(wanted.key().clone()),
        action: "setting".into(),
        source: Box::new(StoredDifferently::new(wanted, found)),
    }
}

fn call_error(code: u32, binding: &Binding, action: &'static str) -> StoreError {
    let code = match code {
        missing if is_absent(missing) => win32::FILE_NOT_FOUND,
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

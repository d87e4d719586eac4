//! The store.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Kind, Outcome,
    Result, Scan, StoreError,
};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::win32::{self, Win32Error};

use crate::code::is_unsupported;
use crate::events;
use crate::journal::{Journal, JournalLock};
use crate::notice::Notice;
use crate::records::ReadCache;
use crate::scan::scan;
use crate::session::Session;
use crate::step::{Log, Step, StepError, Writer, untouched};
use crate::undo::{Recovery, RecoveryConflict, RevertError, Steps, not_restored, undo};

/// How often a batch is started when other programs change its keys under it.
const APPLY_ATTEMPTS: u32 = 8;

/// After each removal of a host name all records of its kind are listed, since Windows may have
/// stored the name in another spelling. So the time of a batch grows with the square of its size.
const TESTED_KEYS: Option<NonZeroUsize> = NonZeroUsize::new(1_000);

/// The bindings of HTTP.sys, by way of the HTTP Server API.
///
/// Guarantees:
/// - **Batches** are atomic, also when the process is killed between two calls: an undo journal is
///   on disk before the first one, and the next open (or the next batch of any process with the
///   same folder) undoes an interrupted batch. A single change that takes one call needs none.
/// - **Written means read back.** The result code of a call is not trusted: after each change the
///   key is read again, and the record found is the one that [`Applied`] reports and an undo
///   expects. Where Windows stores a binding in another form without a loss,
///   [`take_notices`](Self::take_notices) reports it; where something is lost, the batch is undone
///   and the error contains the stored form.
/// - **Replacing** a record takes one call, `HttpUpdateServiceConfiguration`, with which the key is
///   bound throughout. Where Windows has no such function (before Windows 10, version 1703), where
///   an update does not replace the whole record, and where the new binding spells the host name
///   differently, the record is deleted and set again; if HTTP.sys refuses the new one, the old one
///   is restored.
/// - **Extended properties** are kept next to the record, under ids of their own, and take separate
///   calls: a change that involves them is journaled, and is atomic like a batch.
/// - **Preconditions** are checked by reading. Between that and the call another program may change
///   the key; the batch is restarted where the HTTP Server API reports that, as it does for a key
///   that was unbound or bound in between. Through one store, and between processes with the same
///   journal folder, changes take turns.
/// - **A scan** asks for one record after the other, by index, while other programs may write. It
///   is done when two passes have found the same, so it shows one instant unless a record changed
///   away and back. Each unreadable record is an error of its own ([`StoreError::Unreadable`]),
///   after all readable ones.
/// - **Reading** needs neither a lock nor a journal.
/// - **Durable** as HTTP.sys is, which keeps bindings in the registry.
pub struct HttpSysStore<A: HttpApi> {
    pub(crate) session: Session<A>,
    kinds: Vec<Kind>,
    /// None if the store is read-only.
    journal: Option<Journal>,
    /// Concurrent readers see no batch half applied; a writer has exclusive access.
    state: RwLock<Recovery>,
    notices: Mutex<Vec<Notice>>,
}

impl<A: HttpApi> HttpSysStore<A> {
    pub(crate) fn open(
        api: A,
        journal: Option<PathBuf>,
        recovery: RecoveryTime,
        retry_pause: Duration,
    ) -> Result<Self> {
        let session = Session::initialize(api, retry_pause)?;
        let codes = Kind::ALL.map(|kind| session.probe(kind));
        if codes == [win32::FILE_NOT_FOUND; Kind::ALL.len()] && session.answers_any_id() {
            // Wine's stubs answer so to every query, and to every set that it is done.
            return Err(StoreError::Unsupported {
                what: "keeping bindings in an HTTP Server API that stores nothing (Wine's)".into(),
            });
        }
        let mut kinds = Vec::new();
        for (kind, code) in Kind::ALL.into_iter().zip(codes) {
            match (is_unsupported(code), kind) {
                (false, _) => kinds.push(kind),
                // Every Windows that has the API has these.
                (true, Kind::IpPort) => {
                    return Err(Win32Error { code }.during(None, "listing the ipport bindings"));
                }
                (true, _) => {}
            }
        }
        let has_properties = session.probe_properties();
        let session = session.with_properties(has_properties);
        events::debug!(?kinds, has_properties, "the HTTP Server API is open");
        let store = Self {
            session,
            kinds,
            journal: journal.map(Journal::in_folder),
            state: RwLock::default(),
            notices: Mutex::default(),
        };
        store.recover_at_open(recovery);
        Ok(store)
    }

    /// The API that the store writes through to.
    #[must_use]
    pub fn api(&self) -> &A {
        self.session.api()
    }

    /// The undone changes of interrupted batches: when this store was opened, and since then, where
    /// another process with the same folder ended during one.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    /// Notices about the operations since the last call, such as a binding that Windows stores in
    /// another form. They are not errors.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut notices)
    }

    /// Undoes an interrupted batch. A failure does not prevent reading.
    fn recover_at_open(&self, recovery: RecoveryTime) {
        let Some(journal) = self.journal.as_ref().filter(|journal| journal.is_pending()) else {
            return;
        };
        let done = match recovery {
            RecoveryTime::Open => journal.try_lock().and_then(|lock| {
                let mut state = self.write()?;
                recover(&self.session, &lock, journal, &mut state)
            }),
            RecoveryTime::FirstChange => journal
                .check_private()
                .and_then(|()| Err(StoreError::unavailable("the next change undoes it"))),
        };
        if let Err(error) = done {
            let reason = match error {
                StoreError::Unavailable { source } => source.to_string(),
                error => error.to_string(),
            };
            events::warn!(reason, "interrupted batch not rolled back yet");
            self.note([Notice::PendingBatch { reason }]);
        }
    }

    fn note(&self, notices: impl IntoIterator<Item = Notice>) {
        let mut kept = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(notices);
    }

    fn check_kind(&self, kind: Kind) -> Result<()> {
        match self.kinds.contains(&kind) {
            true => Ok(()),
            false => Err(StoreError::unsupported_kind(kind)),
        }
    }

    /// One attempt at a batch: read, check, plan, change.
    fn attempt(&self, lock: &JournalLock<'_>, batch: &Batch) -> Result<Applied, StepError> {
        let cache = ReadCache::default();
        let checked = batch.check(|key| self.session.binding(key, &cache));
        let checked = checked.map_err(untouched)?;
        let mut steps = BatchSteps {
            lock,
            steps: checked.outcomes().iter().cloned().map(Step::new).collect(),
        };
        let calls = steps.steps.iter().map(|step| step.calls(&self.session));
        if calls.sum::<usize>() > 1 {
            lock.begin(&steps.steps).map_err(untouched)?;
        }
        let mut notices = Vec::new();
        let mut written = Vec::new();
        let mut outcomes = Vec::new();
        for index in 0..steps.steps.len() {
            let Outcome { key, before, after } = steps.steps[index].outcome.clone();
            let outcome = Outcome { key, before, after };
            let mut log = steps.log(index);
            let mut writer = Writer {
                session: &self.session,
                log: &mut *log,
                notices: &mut notices,
                written: &written,
            };
            let done = writer.write(&outcome, &cache);
            drop(log);
            match done {
                Ok(after) => {
                    written.push(outcome.key.clone());
                    outcomes.push(Outcome { after, ..outcome });
                }
                Err(error) => {
                    let count = index + usize::from(error.touched);
                    return Err(self.give_up(&mut steps, count, error));
                }
            }
        }
        if let Err(error) = self.clear_new(&mut steps, &mut outcomes, &mut notices) {
            let count = steps.steps.len();
            return Err(self.give_up(&mut steps, count, error));
        }
        if lock.is_begun() {
            // The batch is final only once the journal is removed.
            let finished = lock.finish();
            finished.map_err(|error| {
                let count = steps.steps.len();
                self.give_up(&mut steps, count, untouched(error))
            })?;
        }
        self.note(notices);
        Applied::new(outcomes).map_err(untouched)
    }

    /// Deletes the properties that new records have inherited from earlier ones of their keys. One
    /// listing of each kind finds them.
    fn clear_new(
        &self,
        steps: &mut BatchSteps<'_>,
        outcomes: &mut [Outcome],
        notices: &mut Vec<Notice>,
    ) -> Result<(), StepError> {
        let cache = ReadCache::default();
        for (index, outcome) in outcomes.iter_mut().enumerate() {
            let (None, Some(after)) = (&outcome.before, &outcome.after) else {
                continue;
            };
            let has_properties = !after.record().extended.is_empty();
            if !self.session.has_properties()
                || has_properties
                || !self.session.inherits(after, &cache)
            {
                continue;
            }
            let mut log = steps.log(index);
            let mut writer = Writer {
                session: &self.session,
                log: &mut *log,
                notices,
                written: &[],
            };
            outcome.after = Some(writer.clear(after)?);
        }
        Ok(())
    }

    /// Undoes the first `count` steps.
    fn give_up(&self, steps: &mut BatchSteps<'_>, count: usize, error: StepError) -> StepError {
        let (undone, mut failed) = undo(&self.session, steps, count);
        if failed.is_empty() {
            // A journal that stays finds everything undone: replaying it changes nothing.
            let _ = steps.lock.finish();
        }
        failed.extend(undone.kept.into_iter().map(stored_otherwise));
        if failed.is_empty() {
            return StepError {
                touched: false,
                ..error
            };
        }
        StepError {
            error: not_restored(error.error, failed),
            raced: false,
            touched: true,
        }
    }

    fn scan_kinds(&self, wanted: &Scan) -> Result<Bindings<'_>> {
        let kinds = self.kinds.iter().copied();
        let kinds: Vec<_> = kinds
            .filter(|kind| wanted.kind().is_none_or(|asked| asked == *kind))
            .collect();
        if wanted.is_empty() {
            return Ok(Bindings::new(std::iter::empty()));
        }
        let state = self.read()?;
        let mut found = scan(&self.session, &kinds)?;
        drop(state);
        found
            .bindings
            .retain(|binding| wanted.contains(binding.key()));
        let errors = found.errors.into_iter().map(Err);
        Ok(Bindings::new(
            found.bindings.into_iter().map(Ok).chain(errors),
        ))
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, Recovery>> {
        self.state.read().map_err(|_| panicked())
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, Recovery>> {
        self.state.write().map_err(|_| panicked())
    }
}

/// When an interrupted batch is undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoveryTime {
    /// When the store is opened. If the batch cannot be undone, a [`Notice`](crate::Notice) gives
    /// the reason, and the next change tries again.
    #[default]
    Open,
    /// Before the first change: opening and reading change nothing.
    FirstChange,
}

impl<A: HttpApi> BindingStore for HttpSysStore<A> {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full();
        capabilities.kinds.clone_from(&self.kinds);
        capabilities.writable = self.journal.is_some();
        capabilities.multi_process = self.session.api().is_multi_process();
        capabilities.point_in_time_scan = false;
        capabilities.isolated_batch = false;
        capabilities.ccs_options = false;
        capabilities.extended_properties = self.session.has_properties();
        capabilities.tested_keys = TESTED_KEYS;
        capabilities
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.check_kind(key.kind())?;
        let _state = self.read()?;
        let read = || self.session.binding(key, &ReadCache::default());
        match read()? {
            // Without an update, another handle replaces a record by deleting it and setting it again.
            None if !self.session.updates(key.kind()) => {
                let lock = self.journal.as_ref().and_then(Journal::lock_for_reading);
                lock.map_or(Ok(None), |_lock| read())
            }
            found => Ok(found),
        }
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.scan_kinds(scan)
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        for change in batch.changes() {
            self.check_kind(change.key().kind())?;
            let new = change.new_value();
            let is_extended = new.is_some_and(|binding| !binding.record().extended.is_empty());
            if is_extended && !self.session.has_properties() {
                return Err(StoreError::unsupported_extended(change.key()));
            }
        }
        if batch.is_empty() {
            return Ok(Applied::default());
        }
        let journal = self.journal.as_ref().ok_or(StoreError::ReadOnly)?;
        let mut recovery = self.write()?;
        let lock = journal.lock()?;
        recover(&self.session, &lock, journal, &mut recovery)?;
        let mut attempt = 1;
        loop {
            match self.attempt(&lock, batch) {
                Ok(applied) => return Ok(applied),
                Err(failed) if failed.raced && attempt < APPLY_ATTEMPTS => {
                    events::info!(attempt, error = %failed.error, "retrying the batch");
                    attempt += 1;
                }
                Err(failed) => return Err(failed.error),
            }
        }
    }
}

impl<A: HttpApi> fmt::Debug for HttpSysStore<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSysStore")
            .field("kinds", &self.kinds)
            .field("journal", &self.journal)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The steps of a batch, and the journal that they are kept in.
struct BatchSteps<'a> {
    lock: &'a JournalLock<'a>,
    steps: Vec<Step>,
}

impl Steps for BatchSteps<'_> {
    fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn log(&mut self, step: usize) -> Box<dyn Log + '_> {
        Box::new(StepLog {
            lock: self.lock,
            steps: &mut self.steps,
            step,
        })
    }
}

struct StepLog<'a> {
    lock: &'a JournalLock<'a>,
    steps: &'a mut [Step],
    step: usize,
}

impl StepLog<'_> {
    /// Appends the observation of a step to the journal, which is begun now if none exists.
    fn keep(&self, append: impl FnOnce() -> Result<()>) -> Result<()> {
        match self.lock.is_begun() {
            true => append(),
            false => self.lock.begin(self.steps),
        }
    }
}

impl Log for StepLog<'_> {
    fn gap(&mut self) -> Result<()> {
        if self.steps[self.step].gap {
            return Ok(());
        }
        self.steps[self.step].gap = true;
        self.keep(|| self.lock.append_gap(self.step))
    }

    fn seen(&mut self, found: &Binding) -> Result<()> {
        self.steps[self.step].seen.push(found.clone());
        self.keep(|| self.lock.append_seen(self.step, found))
    }

    fn stored(&mut self, found: &Binding) -> Result<()> {
        self.steps[self.step].seen.push(found.clone());
        self.lock.append_seen(self.step, found)
    }
}

/// Undoes an interrupted batch, if there is one.
fn recover<A: HttpApi>(
    session: &Session<A>,
    lock: &JournalLock<'_>,
    journal: &Journal,
    recovery: &mut Recovery,
) -> Result<()> {
    let Some(steps) = lock.pending()? else {
        return Ok(());
    };
    let count = steps.len();
    let mut steps = BatchSteps { lock, steps };
    let (undone, failed) = undo(session, &mut steps, count);
    let counts = [
        undone.restored.len(),
        undone.conflicts.len(),
        undone.kept.len(),
    ];
    recovery.restored.extend(undone.restored);
    recovery.conflicts.extend(undone.conflicts);
    recovery.kept.extend(undone.kept);
    if !failed.is_empty() {
        let failed = failed
            .iter()
            .map(|failed| format!("{}: {}", failed.key, failed.error));
        let failed: Vec<_> = failed.collect();
        return Err(StoreError::unavailable(format!(
            "an interrupted batch cannot be rolled back ({}); fix the cause, or delete {} to keep \
             the current bindings",
            failed.join("; "),
            journal.path().display()
        )));
    }
    lock.finish()?;
    events::interrupted_batch_undone(counts);
    Ok(())
}

fn stored_otherwise(kept: RecoveryConflict) -> RevertError {
    let RecoveryConflict { key, before, .. } = kept;
    let error = StoreError::Backend {
        key: Some(key.clone()),
        action: "restoring".into(),
        source: "the HTTP Server API stores something else than before".into(),
    };
    RevertError { key, before, error }
}

fn panicked() -> StoreError {
    StoreError::unavailable("a call of the HTTP Server API panicked in the middle of a batch")
}

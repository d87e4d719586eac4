//! The store.

use std::fmt;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Kind, Result, Scan,
    StoreError,
};

use crate::enumerate::enumerate;
use crate::journal::{Journal, JournalLock};
use crate::session::Session;
use crate::undo::{Recovery, Step, StepError, undo};
use certbind_httpapi_abi::HttpApi;

/// How often a batch is started when other programs change its keys under it.
const APPLY_ATTEMPTS: u32 = 8;

/// The bindings of HTTP.sys, by way of the HTTP Server API.
///
/// What it promises:
/// - **Batches** happen whole or not at all, also when the process is killed between two calls: an
///   undo journal is on disk before the first one, and the next open (or the next batch of any
///   process with the same folder) undoes what was begun. One change that is one call needs none.
/// - **Replacing** a record takes one call, `HttpUpdateServiceConfiguration`, with which the key is
///   bound throughout. Where Windows has no such function (before Windows 10, version 1703), and
///   where the new binding spells the host name otherwise, the record is deleted and set anew; if
///   HTTP.sys refuses the new one, the old one is put back.
/// - **Extended properties** are kept beside the record, under ids of their own, and take calls of
///   their own: a change that has to do with them is journaled, and is whole or undone as a batch is.
///   What Windows makes of the properties of a record that is updated or deleted is not relied on.
/// - **Preconditions** are checked by reading. Between that and the call another program may
///   change the key; the batch is started again where the HTTP Server API notices, as it does for
///   a key that is no longer bound, or bound by now. Through one store, and between processes with
///   the same journal folder, changes take turns.
/// - **A scan** asks for one record after the other, by index, while other programs may write. It
///   is done when two passes have found the same, so it shows one instant unless a record changed
///   away and back.
/// - **Durable** as HTTP.sys is, which keeps bindings in the registry.
///
/// What HTTP.sys itself makes of a record is not undone: where it gives an absent store name back
/// for `MY`, that is what the store reads.
pub struct HttpSysStore<A: HttpApi> {
    session: Session<A>,
    kinds: Vec<Kind>,
    /// Readers may be many, and see no batch half applied; who writes is alone.
    state: RwLock<Recovery>,
    /// None if the store is read-only.
    journal: Option<Journal>,
}

impl<A: HttpApi> HttpSysStore<A> {
    pub(crate) fn open(api: A, journal: Option<PathBuf>) -> Result<Self> {
        let session = Session::initialize(api)?.with_properties_found();
        let mut kinds = Vec::new();
        for kind in Kind::ALL {
            if session.probe(kind)? {
                kinds.push(kind);
            }
        }
        let journal = journal.map(Journal::in_folder);
        let mut recovery = Recovery::default();
        if let Some(journal) = journal.as_ref().filter(|journal| journal.is_pending()) {
            recover(&session, &journal.lock()?, journal, &mut recovery)?;
        }
        Ok(Self {
            session,
            kinds,
            state: RwLock::new(recovery),
            journal,
        })
    }

    /// The API that it writes through to.
    #[must_use]
    pub fn api(&self) -> &A {
        self.session.api()
    }

    /// What was undone of batches that had been cut off: when this store was opened, and since,
    /// where another process with the same folder has ended in the middle of one.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    fn check_kind(&self, kind: Kind) -> Result<()> {
        match self.kinds.contains(&kind) {
            true => Ok(()),
            false => Err(StoreError::unsupported_kind(kind)),
        }
    }

    /// One go at a batch: read, check, plan, change.
    fn attempt(&self, lock: &JournalLock<'_>, batch: &Batch) -> Result<Applied, StepError> {
        let applied = batch
            .check(|key| self.session.get(key))
            .map_err(permanent)?;
        let outcomes = applied.outcomes().iter();
        let steps: Vec<_> = outcomes
            .map(|outcome| Step::plan(&self.session, outcome))
            .collect();
        if steps.iter().map(Step::calls).sum::<usize>() <= 1 {
            steps
                .iter()
                .try_for_each(|step| step.apply(&self.session))?;
        } else {
            self.take_all(lock, &steps)?;
        }
        Ok(applied)
    }

    /// Takes steps of more than one call, all or none.
    fn take_all(&self, lock: &JournalLock<'_>, steps: &[Step]) -> Result<(), StepError> {
        let begun = lock.begin(steps);
        begun.map_err(|error| self.give_up(lock, &[], permanent(error)))?;
        for (i, step) in steps.iter().enumerate() {
            if let Err(refusal) = step.apply(&self.session) {
                let taken = if refusal.begun { i + 1 } else { i };
                return Err(self.give_up(lock, &steps[..taken], refusal));
            }
        }
        // Only with the journal gone is the batch there to stay.
        let finished = lock.finish();
        finished.map_err(|error| self.give_up(lock, steps, permanent(error)))
    }

    /// Undoes the steps that were taken, and forgets them all.
    fn give_up(&self, lock: &JournalLock<'_>, steps: &[Step], refusal: StepError) -> StepError {
        match undo(&self.session, steps) {
            Ok(_) => {
                // A journal that stays finds everything undone: replaying it changes nothing.
                let _ = lock.finish();
                refusal
            }
            Err(failed) => permanent(failed.after(refusal.error)),
        }
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, Recovery>> {
        self.state.read().map_err(|_| panicked())
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, Recovery>> {
        self.state.write().map_err(|_| panicked())
    }
}

impl<A: HttpApi> BindingStore for HttpSysStore<A> {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full();
        capabilities.kinds.clone_from(&self.kinds);
        capabilities.writable = self.journal.is_some();
        capabilities.snapshot_scan = false;
        capabilities.isolated_batch = false;
        capabilities.ccs_options = false;
        capabilities.extended_properties = self.session.has_properties();
        capabilities
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.check_kind(key.kind())?;
        let _state = self.read()?;
        self.session.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let kinds = self.kinds.iter().copied();
        let kinds: Vec<_> = kinds
            .filter(|kind| scan.kind().is_none_or(|asked| asked == *kind))
            .collect();
        if scan.is_empty() {
            return Ok(Bindings::new(std::iter::empty()));
        }
        let state = self.read()?;
        let mut bindings = enumerate(&self.session, &kinds)?;
        drop(state);
        bindings.retain(|binding| scan.contains(binding.key()));
        bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
        Ok(Bindings::new(bindings.into_iter().map(Ok)))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        for change in batch.changes() {
            self.check_kind(change.key().kind())?;
            let becomes = change.new_value();
            let is_extended = becomes.is_some_and(|binding| !binding.record().extended.is_empty());
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
                Err(refusal) if refusal.raced && attempt < APPLY_ATTEMPTS => attempt += 1,
                Err(refusal) => return Err(refusal.error),
            }
        }
    }
}

impl<A: HttpApi> fmt::Debug for HttpSysStore<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSysStore")
            .field("kinds", &self.kinds)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Undoes a batch that was cut off, if there is one.
fn recover<A: HttpApi>(
    session: &Session<A>,
    lock: &JournalLock<'_>,
    journal: &Journal,
    recovery: &mut Recovery,
) -> Result<()> {
    let Some(steps) = lock.pending()? else {
        return Ok(());
    };
    let undone = undo(session, &steps).map_err(|failed| {
        StoreError::unavailable(format!(
            "a batch was cut off, and {} cannot be given back what it held: {}; see to that, or \
             delete {} to leave things as they are",
            failed.key,
            failed.error,
            journal.path().display()
        ))
    })?;
    lock.finish()?;
    recovery.restored.extend(undone.restored);
    recovery.conflicts.extend(undone.conflicts);
    Ok(())
}

fn permanent(error: StoreError) -> StepError {
    StepError {
        error,
        raced: false,
        begun: false,
    }
}

fn panicked() -> StoreError {
    StoreError::unavailable("a call of the HTTP Server API panicked in the middle of a batch")
}

//! Group commit: batches that wait at the same time share one transaction and one sync.
//!
//! A caller whose batch finds nobody at work leads: it takes everything that waits, commits it as
//! one transaction, gives each waiting caller its own result, and hands the lead on to the first
//! of those that have come meanwhile. A lone caller leads a group of one and pays nothing.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use redb::{Database, ReadableTable};
use store_core::codec::{encode_binding, encode_key};
use store_core::{Applied, Batch, Result, StoreError};

use crate::errors::Cause;
use crate::format::{self, BINDINGS, META, META_REVISION};
use crate::snapshot::{Snapshot, decoded};

/// The most batches of one transaction, so that none waits long for its group.
const GROUP: usize = 256;

/// The writing half of a store.
pub(crate) struct Committer {
    database: Database,
    /// What was committed last, published before anybody is told of it.
    snapshot: RwLock<Arc<Snapshot>>,
    queue: Mutex<Queue>,
    tell: Box<dyn Fn(Cause) -> StoreError + Send + Sync>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Arc<Ticket>>,
    /// Whether some caller leads.
    led: bool,
}

/// A caller's batch, and where it waits.
struct Ticket {
    batch: Batch,
    turn: Mutex<Turn>,
    changed: Condvar,
}

enum Turn {
    Wait,
    Lead,
    Done(Result<Applied>),
}

impl Committer {
    /// Commits to `database`; `tell` makes a caller's error of a cause.
    pub(crate) fn new(
        database: Database,
        tell: impl Fn(Cause) -> StoreError + Send + Sync + 'static,
    ) -> Result<Self> {
        let snapshot = Snapshot::take(&database).map_err(&tell)?;
        Ok(Self {
            database,
            snapshot: RwLock::new(Arc::new(snapshot)),
            queue: Mutex::default(),
            tell: Box::new(tell),
        })
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn database_mut(&mut self) -> &mut Database {
        &mut self.database
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        let snapshot = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&snapshot)
    }

    /// Commits a batch, alone or with others.
    pub(crate) fn apply(&self, batch: &Batch) -> Result<Applied> {
        let own = Arc::new(Ticket {
            batch: batch.clone(),
            turn: Mutex::new(Turn::Wait),
            changed: Condvar::new(),
        });
        let mut queue = self.queue();
        if queue.led {
            queue.waiting.push_back(Arc::clone(&own));
            drop(queue);
            if let Some(result) = own.wait() {
                return result;
            }
            queue = self.queue();
        }
        queue.led = true;
        let others = queue.waiting.len().min(GROUP - 1);
        let mut group: Vec<_> = queue.waiting.drain(..others).collect();
        drop(queue);
        group.insert(0, own);

        let lead = Lead(self);
        let mut results = self.commit(&group);
        drop(lead);
        let own = results.remove(0);
        for (ticket, result) in group.iter().skip(1).zip(results) {
            ticket.set(Turn::Done(result));
        }
        own
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits a group, and has a result for each of it whatever happens.
    fn commit(&self, group: &[Arc<Ticket>]) -> Vec<Result<Applied>> {
        let committed = catch_unwind(AssertUnwindSafe(|| self.transact(group)));
        let error = match committed {
            Ok(Ok(results)) => return results,
            Ok(Err(cause)) => (self.tell)(cause),
            Err(_) => StoreError::Unavailable {
                reason: "the commit panicked".into(),
            },
        };
        let mut results: Vec<_> = group.iter().skip(1).map(|_| Err(copy(&error))).collect();
        results.insert(0, Err(error));
        results
    }

    fn transact(&self, group: &[Arc<Ticket>]) -> Result<Vec<Result<Applied>>, Cause> {
        let transaction = self.database.begin_write()?;
        let mut meta = transaction.open_table(META)?;
        let revision = 1 + u64::from_le_bytes(format::meta(&meta, META_REVISION)?);
        let mut bindings = transaction.open_table(BINDINGS)?;
        let mut results = Vec::with_capacity(group.len());
        for ticket in group {
            // A batch is checked whole before any of it is written: nothing has to be undone.
            let checked = ticket.batch.check(|key| {
                let value = bindings.get(encode_key(key).as_slice());
                let value = value.map_err(|error| (self.tell)(error.into()))?;
                let found = value.map(|value| decoded(key.clone(), value.value()));
                found.transpose().map_err(&self.tell)
            });
            if let Ok(applied) = &checked {
                for outcome in applied.outcomes() {
                    let key = encode_key(&outcome.key);
                    match &outcome.after {
                        Some(binding) => {
                            bindings.insert(key.as_slice(), encode_binding(binding).as_slice())?
                        }
                        None => bindings.remove(key.as_slice())?,
                    };
                }
            }
            results.push(checked.map(|applied| applied.at_revision(revision)));
        }
        drop(bindings);
        if results.iter().all(Result::is_err) {
            drop(meta);
            transaction.abort()?;
            return Ok(results);
        }
        meta.insert(META_REVISION, &revision.to_le_bytes()[..])?;
        drop(meta);
        transaction.commit()?;
        let snapshot = Arc::new(Snapshot::take(&self.database)?);
        *self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = snapshot;
        Ok(results)
    }
}

/// The lead, which passes on when it ends, however it ends.
struct Lead<'a>(&'a Committer);

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        match queue.waiting.pop_front() {
            Some(next) => next.set(Turn::Lead),
            None => queue.led = false,
        }
    }
}

impl Ticket {
    /// Waits for the result, or for the lead: then there is none yet.
    fn wait(&self) -> Option<Result<Applied>> {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match std::mem::replace(&mut *turn, Turn::Wait) {
                Turn::Done(result) => return Some(result),
                Turn::Lead => return None,
                Turn::Wait => {
                    turn = self
                        .changed
                        .wait(turn)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn set(&self, turn: Turn) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        self.changed.notify_one();
    }
}

/// The same error for another caller of the group.
fn copy(error: &StoreError) -> StoreError {
    match error {
        StoreError::Io {
            action,
            path,
            source,
        } => StoreError::Io {
            action: action.clone(),
            path: path.clone(),
            source: match source.raw_os_error() {
                Some(code) => std::io::Error::from_raw_os_error(code),
                None => std::io::Error::new(source.kind(), source.to_string()),
            },
        },
        StoreError::Corrupt { what, detail } => StoreError::Corrupt {
            what: what.clone(),
            detail: detail.clone(),
        },
        other => StoreError::Unavailable {
            reason: other.to_string().into(),
        },
    }
}

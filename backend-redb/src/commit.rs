//! Group commit: batches that wait at the same time share one transaction and one sync.

use std::iter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use certbind_core::{Applied, Batch, Outcome, Result, StoreError, Uuid};
use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};

use crate::changes::{CHUNK, Chunk, encoded, made_ahead};
use crate::direct::{Direct, Mark, Settled};
use crate::errors::{Cause, copy, guarded};
use crate::feed::{Feed, Incoming};
use crate::format::{self, RUNS};
use crate::group::{Group, LINGER};
use crate::log::Record;
use crate::logging::Logging;
use crate::meanwhile::meanwhile;
use crate::medium::Medium;
use crate::options::Options;
use crate::runs;
use crate::snapshot::Snapshot;
use crate::unwritten::Unwritten;

/// The writing half of a store.
pub(crate) struct Committer {
    /// There until the end, which needs it by value.
    database: Option<Database>,
    direct: Arc<Direct>,
    path: PathBuf,
    /// Held from the mark of a commit until that is settled: what was synced since is its own.
    logging: Mutex<Logging>,
    group: Group<Batch, Result<Applied>>,
    /// What was committed last. Published before anybody is told of it; gone if it cannot be read.
    snapshot: ArcSwapOption<Snapshot>,
    /// The revision that was committed last, once it cannot be read.
    unread_revision: AtomicU64,
    /// Why nothing is committed any more.
    failed: OnceLock<String>,
}

impl Committer {
    pub(crate) fn new(
        database: Database,
        direct: Arc<Direct>,
        path: &Path,
        id: Uuid,
        options: &Options,
    ) -> Result<Self, Cause> {
        let snapshot = Snapshot::take(&database, options)?;
        Ok(Self {
            database: Some(database),
            logging: Mutex::new(Logging::new(direct.medium(), id, options)),
            direct,
            path: path.to_owned(),
            group: Group::new(LINGER),
            unread_revision: AtomicU64::new(0),
            snapshot: ArcSwapOption::new(Some(Arc::new(snapshot))),
            failed: OnceLock::new(),
        })
    }

    pub(crate) fn revision(&self) -> u64 {
        match &*self.snapshot.load() {
            Some(snapshot) => snapshot.revision(),
            None => self.unread_revision.load(Ordering::Acquire),
        }
    }

    /// What `read` finds in the newest snapshot, which is not counted as a user meanwhile.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Snapshot) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        match &*self.snapshot.load() {
            Some(snapshot) => read(snapshot),
            None => Err(self.refusal()),
        }
    }

    /// Commits a batch, alone or with others.
    pub(crate) fn apply(&self, batch: &Batch) -> Result<Applied> {
        self.group.submit(
            batch,
            |batches| self.commit(batches),
            || Err(self.refusal().at(&self.path)),
        )
    }

    /// Does `work` while nothing is written to the file.
    pub(crate) fn paused<T>(&self, work: impl FnOnce(&Arc<Medium>) -> T) -> Result<T, Cause> {
        // A commit that has failed is being taken back behind its transaction.
        let _settled = self.logging();
        if self.failed.get().is_some() {
            return Err(self.refusal());
        }
        let pause = self.database().begin_write()?;
        let done = work(self.direct.medium());
        pause.abort()?;
        Ok(done)
    }

    /// What `read` finds in the file as it is committed.
    pub(crate) fn look<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        guarded(|| read(&self.database().begin_read()?))
    }

    /// Commits what `work` does to tables that have nothing to do with bindings, if it says so: a
    /// transaction between those of batches, which leaves the log as it is.
    pub(crate) fn alone(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<bool, Cause>,
    ) -> Result<bool> {
        let mut logging = self.logging();
        if self.failed.get().is_some() {
            return Err(self.refusal().at(&self.path));
        }
        let marks = (self.direct.mark(), logging.mark());
        let mut wanted = false;
        let transact = || {
            let transaction = self.database().begin_write()?;
            wanted = work(&transaction)?;
            if !wanted {
                return Ok(transaction.abort()?);
            }
            transaction.commit()?;
            // The pages that are free now stay so as long as the last snapshot reads what was there.
            if let Some(last) = self.snapshot.load_full() {
                let next = last.with_new_pages(self.database())?;
                self.snapshot.store(Some(Arc::new(next)));
            }
            Ok(())
        };
        let Err(cause) = guarded(transact) else {
            return Ok(wanted);
        };
        match self.settle(&mut logging, marks, cause) {
            None => Ok(wanted),
            Some(error) => Err(error),
        }
    }

    /// Commits changes as they come, in a transaction of their own, if all of them apply.
    pub(crate) fn bulk_load(&self, changes: Incoming<'_>) -> Result<u64> {
        let mut logging = self.logging();
        if self.failed.get().is_some() {
            return Err(self.refusal().at(&self.path));
        }
        let at = |cause: Cause| cause.at(&self.path);
        let last = &*self.newest().map_err(at)?;
        let revision = format::next_revision(last.revision()).map_err(at)?;
        let mut feed = Feed::new(changes, last, &self.path).map_err(at)?;
        // Where nothing comes of it, nothing is written.
        let Some(first) = feed.next() else {
            return feed.ended();
        };
        let marks = (self.direct.mark(), logging.mark());
        let transact = || self.transact_load(first, &mut feed, last, revision, &mut logging);
        if let Err(cause) = guarded(transact) {
            match self.settle(&mut logging, marks, cause) {
                None => self.lose_sight(revision, &feed.outcomes().iter().collect::<Vec<_>>()),
                // What failed first says why: redb only knows later that something has.
                Some(StoreError::Unavailable { .. }) if feed.is_refused() => {}
                Some(error) => return Err(error),
            }
        }
        feed.ended()
    }

    fn transact_load(
        &self,
        first: Chunk,
        feed: &mut Feed<'_>,
        last: &Snapshot,
        revision: u64,
        logging: &mut Logging,
    ) -> Result<(), Cause> {
        let transaction = self.database().begin_write()?;
        let mut runs = transaction.open_table(RUNS)?;
        last.unwritten().write(&mut runs)?;
        let mut chunks = iter::once(first).chain(feed.by_ref());
        made_ahead(&mut chunks, |chunks| runs::write(&mut runs, chunks))?;
        drop(runs);
        if !feed.is_whole() {
            return Ok(transaction.abort()?);
        }
        let outcomes: Vec<_> = feed.outcomes().iter().collect();
        let commit = || logging.commit(transaction, revision);
        self.publish(last, revision, &outcomes, Unwritten::default(), commit)
    }

    /// Commits the batches of a group, and has a result for each of them.
    fn commit(&self, batches: &[&Batch]) -> Vec<Result<Applied>> {
        let each = |error: StoreError| batches.iter().map(|_| Err(copy(&error))).collect();
        let mut logging = self.logging();
        if self.failed.get().is_some() {
            return each(self.refusal().at(&self.path));
        }
        let marks = (self.direct.mark(), logging.mark());
        let mut results = Vec::with_capacity(batches.len());
        let Err(cause) = guarded(|| self.transact(batches, &mut logging, &mut results)) else {
            return results;
        };
        match self.settle(&mut logging, marks, cause) {
            None => {
                if let Some(made) = results.iter().flatten().find_map(Applied::revision) {
                    self.lose_sight(made, &outcomes(&results));
                }
                results
            }
            Some(error) => {
                // Who met an error of the disk first knows best what it was.
                let of_disk = |result: &Result<Applied>| {
                    use StoreError::{Corrupt, Io};
                    matches!(result, Err(Io { .. } | Corrupt { .. }))
                };
                let mut found = results.into_iter().map(|found| Some(found).filter(of_disk));
                let each = batches.iter().map(|_| found.next().flatten());
                each.map(|known| known.unwrap_or_else(|| Err(copy(&error))))
                    .collect()
            }
        }
    }

    /// Ends a commit that failed, and all that could follow: its error, or none if it is in force all the same.
    fn settle(
        &self,
        logging: &mut Logging,
        (mark, log_mark): (Mark, u64),
        cause: Cause,
    ) -> Option<StoreError> {
        // Damage that is met where runs are written gives up the transaction, and no more.
        if let Cause::Codec { .. } = cause {
            return Some(cause.at(&self.path));
        }
        let error = cause.at(&self.path);
        match self.direct.settle(mark).or(logging.settle(log_mark)) {
            Settled::Committed => {
                self.fail(format!("it failed behind a commit: {error}"));
                None
            }
            Settled::TakenBack => {
                let refusal = self.fail(format!("a commit failed: {error}"));
                Some(match error {
                    StoreError::Io { .. } | StoreError::Corrupt { .. } => error,
                    _ => refusal,
                })
            }
            Settled::Unknown => Some(self.fail(unknown(&error))),
        }
    }

    /// What this revision made is there to stay, but can be read in memory alone.
    fn lose_sight(&self, revision: u64, outcomes: &[&Outcome]) {
        let last = self.snapshot.load_full();
        match last.and_then(|last| last.in_memory_after(revision, outcomes)) {
            Some(next) => self.show(next, outcomes),
            None => {
                self.unread_revision.store(revision, Ordering::Release);
                self.snapshot.store(None);
            }
        }
    }

    /// Checks batches, and commits those that hold: to the log, unless it has no room.
    fn transact(
        &self,
        batches: &[&Batch],
        logging: &mut Logging,
        results: &mut Vec<Result<Applied>>,
    ) -> Result<(), Cause> {
        let last = &*self.newest()?;
        let revision = format::next_revision(last.revision())?;
        let mut record = logging.record(revision);
        let mut unwritten = last.unwritten().clone();
        let mut whole = None;
        for batch in batches {
            // What the one before came to.
            unwritten.note_all(latest(results));
            let checked = batch.check(|key| match unwritten.get(key) {
                Some(fate) => Ok(fate.binding().cloned()),
                None => last
                    .pages()
                    .get_to_change(key, &mut whole)
                    .map_err(|cause| cause.at(&self.path)),
            });
            if let (Some(record), Ok(applied)) = (&mut record, &checked) {
                record.push_all(applied.outcomes().chunks(CHUNK).map(Chunk::encode));
            }
            results.push(checked.map(|applied| applied.at_revision(revision)));
        }
        if results.iter().all(Result::is_err) {
            return Ok(());
        }
        let outcomes = outcomes(results);
        if let Some(record) = record.and_then(Record::whole) {
            unwritten.note_all(latest(results));
            let append = || logging.append(&record);
            return self.publish(last, revision, &outcomes, unwritten, append);
        }
        let transaction = self.database().begin_write()?;
        let mut runs = transaction.open_table(RUNS)?;
        unwritten.write(&mut runs)?;
        // Of many changes, a tree takes longer than the file.
        let mut latest: Vec<_> = latest(results).iter().collect();
        if batches.last().is_some_and(|batch| !batch.is_sorted()) {
            latest.sort_by(|a, b| a.key.cmp(&b.key));
        }
        encoded(&latest, |changes| runs::write(&mut runs, changes))?;
        drop(runs);
        let commit = || logging.commit(transaction, revision);
        self.publish(last, revision, &outcomes, Unwritten::default(), commit)
    }

    /// Commits, and then has readers see it.
    fn publish(
        &self,
        last: &Snapshot,
        revision: u64,
        outcomes: &[&Outcome],
        unwritten: Unwritten,
        commit: impl FnOnce() -> Result<(), Cause>,
    ) -> Result<(), Cause> {
        let remade = match last.remakes(outcomes.len()) {
            Some(memory) => {
                let (made, committed) = meanwhile(|| memory.remade(outcomes), commit);
                committed?;
                Some(made?)
            }
            None => {
                commit()?;
                None
            }
        };
        let database = self.database();
        let next = last.after(database, revision, outcomes, unwritten, remade)?;
        self.show(next, outcomes);
        Ok(())
    }

    fn show(&self, next: Snapshot, outcomes: &[&Outcome]) {
        let next = Arc::new(next);
        self.snapshot.store(Some(Arc::clone(&next)));
        next.settle(outcomes);
    }

    /// What changes are made to. None once a read has failed: redb goes on no more, and nor does a log.
    fn newest(&self) -> Result<Arc<Snapshot>, Cause> {
        if self.direct.has_failed_to_read() {
            let reason = || "an earlier read or write failed".to_owned();
            self.failed.get_or_init(reason);
            return Err(self.refusal());
        }
        self.snapshot.load_full().ok_or_else(|| self.refusal())
    }

    fn logging(&self) -> MutexGuard<'_, Logging> {
        self.logging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on nothing is committed; the first reason stays.
    fn fail(&self, reason: String) -> StoreError {
        let reason = self.failed.get_or_init(|| reason).clone();
        Cause::Failed(reason).at(&self.path)
    }

    fn database(&self) -> &Database {
        self.database.as_ref().expect("it is taken by drop alone")
    }

    /// Of a failure that redb only remembers, what it was.
    pub(crate) fn explained(&self, cause: Cause) -> Cause {
        match cause {
            Cause::Redb(redb::Error::PreviousIo) if self.failed.get().is_some() => self.refusal(),
            cause => cause,
        }
    }

    fn refusal(&self) -> Cause {
        let reason = self.failed.get().map_or("a commit failed", String::as_str);
        Cause::Failed(reason.to_owned())
    }
}

fn outcomes(results: &[Result<Applied>]) -> Vec<&Outcome> {
    let applied = results.iter().flatten();
    applied.flat_map(Applied::outcomes).collect()
}

/// What became of the keys of the last batch, if it holds.
fn latest(results: &[Result<Applied>]) -> &[Outcome] {
    match results.last() {
        Some(Ok(applied)) => applied.outcomes(),
        _ => &[],
    }
}

fn unknown(error: &StoreError) -> String {
    format!(
        "a commit failed and could not be taken back, so whether it is kept shows when the store is \
         opened again: {error}"
    )
}

impl Drop for Committer {
    fn drop(&mut self) {
        if self.failed.get().is_none() {
            let mark = self.direct.mark();
            let logging = self.logging.get_mut();
            let logging = logging.unwrap_or_else(PoisonError::into_inner);
            let last = self.snapshot.load_full();
            let end = || match (&self.database, last) {
                (Some(database), Some(last)) => {
                    logging.end(database, last.revision(), last.unwritten())
                }
                _ => Ok(()),
            };
            if guarded(end).is_err() {
                // The log stays, and redb must not go on from where it failed.
                self.direct.settle(mark);
            }
        }
        self.snapshot.store(None);
        let database = self.database.take();
        // Once a call of redb has panicked, so does its end; the lock has to go all the same.
        let _ = guarded(|| {
            drop(database);
            Ok(())
        });
        let _ = self.direct.medium().close();
    }
}

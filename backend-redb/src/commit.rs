//! The committer: batches that wait at the same time share one transaction and one sync.

use std::iter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use certbind_core::{Applied, Batch, Outcome, Result, StoreError, Uuid};
use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};

use crate::block_table;
use crate::bulk_load::{BulkLoader, IncomingChanges};
use crate::changes::{CHUNK, Chunk, encode_ahead, encode_outcomes};
use crate::commit_path::CommitPath;
use crate::errors::{Cause, catch_panic};
use crate::events::{self, Stopwatch};
use crate::format::{self, BLOCKS};
use crate::group::{Group, LINGER};
use crate::join::join;
use crate::memtable::Memtable;
use crate::read_view::ReadView;
use crate::settings::Settings;
use crate::shared_error::{Stopped, duplicate};
use crate::storage::Storage;
use crate::wal::RecordBuilder;
use crate::write_through::{CommitOutcome, CommitPoint, WriteThrough};

/// The writing half of a store.
pub(crate) struct Committer {
    /// `None` only while the committer is dropped.
    database: Option<Database>,
    write_through: Arc<WriteThrough>,
    path: PathBuf,
    /// Locked from a commit point until the commit has succeeded or was rolled back, so that every
    /// sync in between belongs to that commit.
    commit_path: Mutex<CommitPath>,
    group: Group<Batch, Result<Applied>>,
    /// The last commit. It is published before any caller is answered; `None` if it cannot be read.
    view: ArcSwapOption<ReadView>,
    /// The last revision, once its view cannot be read.
    unread_revision: AtomicU64,
    /// Why nothing is committed any more.
    failed: OnceLock<Stopped>,
}

impl Committer {
    pub(crate) fn new(
        database: Database,
        write_through: Arc<WriteThrough>,
        path: &Path,
        id: Uuid,
        settings: &Settings,
    ) -> Result<Self, Cause> {
        let view = ReadView::open(&database, settings)?;
        Ok(Self {
            database: Some(database),
            commit_path: Mutex::new(CommitPath::new(write_through.storage(), path, id, settings)),
            write_through,
            path: path.to_owned(),
            group: Group::new(LINGER),
            unread_revision: AtomicU64::new(0),
            view: ArcSwapOption::new(Some(Arc::new(view))),
            failed: OnceLock::new(),
        })
    }

    pub(crate) fn revision(&self) -> u64 {
        match &*self.view.load() {
            Some(view) => view.revision(),
            None => self.unread_revision.load(Ordering::Acquire),
        }
    }

    /// Calls `read` on the current view, without counting it as a user of that view.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&ReadView) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        match &*self.view.load() {
            Some(view) => read(view),
            None => Err(self.refusal()),
        }
    }

    /// Commits a batch, alone or in a group.
    pub(crate) fn apply(&self, batch: &Batch) -> Result<Applied> {
        self.group.submit(
            batch,
            |batches| self.commit(batches),
            || Err(self.refusal().at(&self.path)),
        )
    }

    /// Calls `work` while nothing is written to the file.
    pub(crate) fn with_writes_paused<T>(
        &self,
        work: impl FnOnce(&Arc<Storage>) -> T,
    ) -> Result<T, Cause> {
        // A failed commit may be rolling back after its transaction has ended.
        let _settled = self.commit_path();
        if self.failed.get().is_some() {
            return Err(self.refusal());
        }
        let pause = self.database().begin_write()?;
        let done = work(self.write_through.storage());
        pause.abort()?;
        Ok(done)
    }

    /// Calls `read` on the committed state of the file.
    pub(crate) fn inspect<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        catch_panic(|| read(&self.database().begin_read()?))
    }

    /// Commits the changes that `work` makes to other tables, if it returns true: a transaction
    /// between those of batches, which leaves the WAL as it is.
    pub(crate) fn write_tables(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<bool, Cause>,
    ) -> Result<bool> {
        let mut commit_path = self.commit_path();
        if self.failed.get().is_some() {
            return Err(self.refusal().at(&self.path));
        }
        let commit_points = (
            self.write_through.commit_point(),
            commit_path.commit_point(),
        );
        let mut wanted = false;
        let transact = || {
            let transaction = self.database().begin_write()?;
            wanted = work(&transaction)?;
            if !wanted {
                return Ok(transaction.abort()?);
            }
            transaction.commit()?;
            // Pages that are free now stay unused while the last view refers to the old tree.
            if let Some(last) = self.view.load_full() {
                let next = last.with_new_pages(self.database())?;
                self.view.store(Some(Arc::new(next)));
            }
            Ok(())
        };
        let Err(cause) = catch_panic(transact) else {
            return Ok(wanted);
        };
        match self.roll_back(&mut commit_path, commit_points, cause) {
            None => Ok(wanted),
            Some(error) => Err(error),
        }
    }

    /// Commits a stream of changes in a transaction of its own, if all of them apply.
    pub(crate) fn bulk_load(&self, changes: IncomingChanges<'_>) -> Result<u64> {
        let mut commit_path = self.commit_path();
        if self.failed.get().is_some() {
            return Err(self.refusal().at(&self.path));
        }
        let at = |cause: Cause| cause.at(&self.path);
        let last = &*self.current_view().map_err(at)?;
        let revision = format::next_revision(last.revision()).map_err(at)?;
        let mut loader = BulkLoader::new(changes, last, &self.path).map_err(at)?;
        // If there are no changes, nothing is written.
        let Some(first) = loader.next() else {
            return loader.finish();
        };
        let commit_points = (
            self.write_through.commit_point(),
            commit_path.commit_point(),
        );
        let transact = || self.transact_load(first, &mut loader, last, revision, &mut commit_path);
        if let Err(cause) = catch_panic(transact) {
            match self.roll_back(&mut commit_path, commit_points, cause) {
                None => {
                    self.publish_unreadable(
                        revision,
                        &loader.outcomes().iter().collect::<Vec<_>>(),
                    );
                }
                // The first failure is the cause: redb reports only later that something failed.
                Some(StoreError::Unavailable { .. }) if loader.has_failed() => {}
                Some(error) => return Err(error),
            }
        }
        loader.finish()
    }

    fn transact_load(
        &self,
        first: Chunk,
        loader: &mut BulkLoader<'_>,
        last: &ReadView,
        revision: u64,
        commit_path: &mut CommitPath,
    ) -> Result<(), Cause> {
        let transaction = self.database().begin_write()?;
        let mut blocks = transaction.open_table(BLOCKS)?;
        last.memtable().write(&mut blocks)?;
        let mut chunks = iter::once(first).chain(loader.by_ref());
        encode_ahead(&mut chunks, |chunks| {
            block_table::write(&mut blocks, chunks)
        })?;
        drop(blocks);
        if !loader.is_complete() {
            return Ok(transaction.abort()?);
        }
        let outcomes: Vec<_> = loader.outcomes().iter().collect();
        let commit = || commit_path.commit(transaction, revision);
        self.publish(last, revision, &outcomes, Memtable::default(), commit)
    }

    /// Commits the batches of a group, and returns a result for each of them.
    fn commit(&self, batches: &[&Batch]) -> Vec<Result<Applied>> {
        let each = |error: StoreError| {
            let error = Arc::new(error);
            batches.iter().map(|_| Err(duplicate(&error))).collect()
        };
        let mut commit_path = self.commit_path();
        if self.failed.get().is_some() {
            return each(self.refusal().at(&self.path));
        }
        let commit_points = (
            self.write_through.commit_point(),
            commit_path.commit_point(),
        );
        let time = Stopwatch::start();
        let mut results = Vec::with_capacity(batches.len());
        let Err(cause) = catch_panic(|| self.transact(batches, &mut commit_path, &mut results))
        else {
            events::committed(&self.path, self.revision(), batches.len(), time);
            return results;
        };
        match self.roll_back(&mut commit_path, commit_points, cause) {
            None => {
                if let Some(made) = results.iter().flatten().find_map(Applied::revision) {
                    self.publish_unreadable(made, &outcomes(&results));
                }
                results
            }
            Some(error) => {
                let error = Arc::new(error);
                // A batch that met the disk error itself has the most precise error.
                let of_disk = |result: &Result<Applied>| {
                    use StoreError::{Corrupt, Io};
                    matches!(result, Err(Io { .. } | Corrupt { .. }))
                };
                let mut found = results.into_iter().map(|found| Some(found).filter(of_disk));
                let each = batches.iter().map(|_| found.next().flatten());
                each.map(|known| known.unwrap_or_else(|| Err(duplicate(&error))))
                    .collect()
            }
        }
    }

    /// Ends a failed commit and stops the committer. Returns the error, or `None` if the commit is
    /// durable nevertheless.
    fn roll_back(
        &self,
        commit_path: &mut CommitPath,
        (commit_point, wal_commit_point): (CommitPoint, u64),
        cause: Cause,
    ) -> Option<StoreError> {
        // Damage found while blocks are written aborts the transaction, and nothing else.
        if let Cause::Codec { .. } = cause {
            return Some(cause.at(&self.path));
        }
        let error = Arc::new(cause.at(&self.path));
        match self
            .write_through
            .roll_back(commit_point)
            .or(commit_path.roll_back(wal_commit_point))
        {
            CommitOutcome::Durable => {
                self.fail(&error, format!("it failed after a commit: {error}"));
                None
            }
            CommitOutcome::RolledBack => {
                let refusal = self.fail(&error, format!("a commit failed: {error}"));
                Some(match *error {
                    StoreError::Io { .. } | StoreError::Corrupt { .. } => duplicate(&error),
                    _ => refusal,
                })
            }
            CommitOutcome::Unknown => Some(self.fail(&error, unknown(&error))),
        }
    }

    /// Publishes a revision that is durable but can be read from memory alone.
    fn publish_unreadable(&self, revision: u64, outcomes: &[&Outcome]) {
        let last = self.view.load_full();
        match last.and_then(|last| last.next_in_memory(revision, outcomes)) {
            Some(next) => self.set_view(next, outcomes),
            None => {
                self.unread_revision.store(revision, Ordering::Release);
                self.view.store(None);
            }
        }
    }

    /// Checks batches, and commits those that apply: to the WAL, or to the file if the WAL has no
    /// room.
    fn transact(
        &self,
        batches: &[&Batch],
        commit_path: &mut CommitPath,
        results: &mut Vec<Result<Applied>>,
    ) -> Result<(), Cause> {
        let last = &*self.current_view()?;
        let revision = format::next_revision(last.revision())?;
        let mut record = commit_path.record(revision);
        let mut memtable = last.memtable().clone();
        let mut whole = None;
        for batch in batches {
            // The outcome of the batch before.
            memtable.insert_all(latest(results));
            let checked = batch.check(|key| match memtable.get(key) {
                Some(entry) => Ok(entry.binding().cloned()),
                None => last
                    .pages()
                    .get_for_update(key, &mut whole)
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
        if let Some(record) = record.and_then(RecordBuilder::finish) {
            memtable.insert_all(latest(results));
            let append = || commit_path.append(&record);
            return self.publish(last, revision, &outcomes, memtable, append);
        }
        let transaction = self.database().begin_write()?;
        let mut blocks = transaction.open_table(BLOCKS)?;
        memtable.write(&mut blocks)?;
        // For many changes, the memtable takes longer than the file.
        let mut latest: Vec<_> = latest(results).iter().collect();
        if batches.last().is_some_and(|batch| !batch.is_sorted()) {
            latest.sort_by(|a, b| a.key.cmp(&b.key));
        }
        encode_outcomes(&latest, |changes| block_table::write(&mut blocks, changes))?;
        drop(blocks);
        let commit = || commit_path.commit(transaction, revision);
        self.publish(last, revision, &outcomes, Memtable::default(), commit)
    }

    /// Commits, and then publishes the new view.
    fn publish(
        &self,
        last: &ReadView,
        revision: u64,
        outcomes: &[&Outcome],
        memtable: Memtable,
        commit: impl FnOnce() -> Result<(), Cause>,
    ) -> Result<(), Cause> {
        let rebuilt = match last.rebuilds(outcomes.len()) {
            Some(memory) => {
                let (made, committed) = join(|| memory.rebuilt(outcomes), commit);
                committed?;
                Some(made?)
            }
            None => {
                commit()?;
                None
            }
        };
        let database = self.database();
        let next = last.next(database, revision, outcomes, memtable, rebuilt)?;
        self.set_view(next, outcomes);
        Ok(())
    }

    fn set_view(&self, next: ReadView, outcomes: &[&Outcome]) {
        let next = Arc::new(next);
        self.view.store(Some(Arc::clone(&next)));
        next.finalize(outcomes);
    }

    /// The view that changes are based on. `None` after a failed read: neither redb nor a WAL
    /// continues then.
    fn current_view(&self) -> Result<Arc<ReadView>, Cause> {
        if self.write_through.read_failed() {
            let reason = || Stopped::because("an earlier read or write failed");
            self.failed.get_or_init(reason);
            return Err(self.refusal());
        }
        self.view.load_full().ok_or_else(|| self.refusal())
    }

    fn commit_path(&self) -> MutexGuard<'_, CommitPath> {
        self.commit_path
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops committing; the first reason is kept.
    fn fail(&self, error: &Arc<StoreError>, reason: String) -> StoreError {
        let stop = || {
            events::stopped(&self.path, &reason);
            Stopped::by(error, reason)
        };
        let stopped = self.failed.get_or_init(stop).clone();
        Cause::Failed(stopped).at(&self.path)
    }

    fn database(&self) -> &Database {
        self.database.as_ref().expect("it is taken by drop alone")
    }

    /// The first cause of a failure that redb merely remembers.
    pub(crate) fn explain(&self, cause: Cause) -> Cause {
        match cause {
            Cause::Redb(redb::Error::PreviousIo) if self.failed.get().is_some() => self.refusal(),
            cause => cause,
        }
    }

    fn refusal(&self) -> Cause {
        let stopped = self.failed.get().cloned();
        Cause::Failed(stopped.unwrap_or_else(|| Stopped::because("a commit failed")))
    }
}

fn outcomes(results: &[Result<Applied>]) -> Vec<&Outcome> {
    let applied = results.iter().flatten();
    applied.flat_map(Applied::outcomes).collect()
}

/// The outcomes of the last batch, if it applied.
fn latest(results: &[Result<Applied>]) -> &[Outcome] {
    match results.last() {
        Some(Ok(applied)) => applied.outcomes(),
        _ => &[],
    }
}

fn unknown(error: &StoreError) -> String {
    format!(
        "a commit failed and could not be rolled back, so its outcome is unknown until the store is \
         opened again: {error}"
    )
}

impl Committer {
    /// Checkpoints, removes the WAL and closes the file. Whatever fails, the file is closed
    /// afterwards, and the next opening finds every acknowledged batch in the file or its WAL.
    pub(crate) fn close(&mut self) -> Result<()> {
        let Some(database) = self.database.take() else {
            return Ok(());
        };
        let mut result = match self.failed.get() {
            Some(_) => Err(self.refusal()),
            None => self.checkpoint(&database),
        };
        self.view.store(None);
        // Once redb has panicked, closing it panics as well; the lock has to be released nevertheless.
        let closed = catch_panic(|| Ok(database.close()?));
        result = result.and(closed);
        let released = self.write_through.storage().close();
        result
            .and(released.map_err(Cause::from))
            .map_err(|cause| cause.at(&self.path))?;
        events::closed(&self.path);
        Ok(())
    }

    /// Writes the memtable to the file, and removes the WAL.
    fn checkpoint(&mut self, database: &Database) -> Result<(), Cause> {
        let commit_point = self.write_through.commit_point();
        let commit_path = self.commit_path.get_mut();
        let commit_path = commit_path.unwrap_or_else(PoisonError::into_inner);
        let Some(last) = self.view.load_full() else {
            return Ok(());
        };
        match catch_panic(|| commit_path.end_wal(database, last.revision(), last.memtable())) {
            Ok(Some(wal)) => wal.remove().map_err(Cause::WalIo),
            Ok(None) => Ok(()),
            Err(cause) => {
                // The WAL stays, and redb must not continue after the failure.
                self.write_through.roll_back(commit_point);
                Err(cause)
            }
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            events::close_failed(&self.path, &error);
        }
    }
}

//! The committer: batches that wait at the same time share one transaction and one sync.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use certbind_core::history::Commit;
use certbind_core::{Applied, Batch, Outcome, Result, StoreError, Uuid};
use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};

use crate::block_writer;
use crate::changes::{CHUNK, Chunk, encode_outcomes};
use crate::commit_path::CommitPath;
use crate::errors::{Cause, catch_panic};
use crate::events::{self, Stopwatch};
use crate::format::{self, BLOCKS};
use crate::group::{Group, LINGER};
use crate::history::{self, HistoryRow, Signature};
use crate::join::join;
use crate::memtable::Memtable;
use crate::read_view::ReadView;
use crate::settings::Settings;
use crate::shared_error::{Stopped, duplicate};
use crate::storage::Storage;
use crate::wal::RecordBuilder;
use crate::write_through::WriteThrough;

mod bulk;
mod close;
mod failure;

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
    /// The reason why the store refuses commits.
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
            |batches| self.commit(batches, None),
            || Err(self.refusal().at(&self.path)),
        )
    }

    /// Commits a batch alone, with a signature of its own.
    pub(crate) fn apply_signed(&self, batch: &Batch, signature: Signature) -> Result<Applied> {
        if self.commit_path().signature().is_none() {
            return Err(StoreError::Unsupported {
                what: "recording a change in a store that is open without a history".into(),
            });
        }
        let mut results = self.commit(&[batch], Some(signature));
        results
            .pop()
            .unwrap_or_else(|| Err(self.refusal().at(&self.path)))
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

    /// The commits of the history, the newest first: those of the WAL, and those of the file.
    pub(crate) fn history(&self) -> Result<Vec<Commit>, Cause> {
        let commit_path = self.commit_path();
        let pending = commit_path.pending_history().iter().rev();
        let mut commits = pending
            .map(HistoryRow::commit)
            .collect::<Result<Vec<_>, _>>()?;
        commits.extend(self.inspect(history::read)?);
        Ok(commits)
    }

    /// Calls `read` on the committed state of the file.
    pub(crate) fn inspect<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        catch_panic(|| read(&self.database().begin_read()?))
    }

    /// Commits the changes that `work` makes to other tables, if it returns true: a transaction
    /// between those of batches, which does not change the WAL.
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

    /// Commits the batches of a group, and returns a result for each of them. Without a signature it is
    /// that of this opening's author.
    fn commit(&self, batches: &[&Batch], signature: Option<Signature>) -> Vec<Result<Applied>> {
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
        let signature = signature.or_else(|| commit_path.signature());
        let transact = || self.transact(batches, signature, &mut commit_path, &mut results);
        let Err(cause) = catch_panic(transact) else {
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
                // The batch that caused the disk error has the most precise error.
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

    /// Checks batches, and commits those that apply: to the WAL, or to the file if the WAL has no
    /// room.
    fn transact(
        &self,
        batches: &[&Batch],
        signature: Option<Signature>,
        commit_path: &mut CommitPath,
        results: &mut Vec<Result<Applied>>,
    ) -> Result<(), Cause> {
        let last = &*self.current_view()?;
        let revision = format::next_revision(last.revision())?;
        let mut record = commit_path.record(revision, signature.as_ref());
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
        let history = commit_path.commit_builder(signature).map(|mut commit| {
            commit.push_all(&outcomes, batches.len() == 1);
            commit.finish(revision)
        });
        if let Some(record) = record.and_then(RecordBuilder::finish) {
            memtable.insert_all(latest(results));
            let append = || commit_path.append(&record, history);
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
        encode_outcomes(&latest, |changes| block_writer::write(&mut blocks, changes))?;
        drop(blocks);
        let commit = || commit_path.commit(transaction, revision, history);
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

    fn database(&self) -> &Database {
        self.database.as_ref().expect("it is taken by drop alone")
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

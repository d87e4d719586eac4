//! Decides whether a commit goes to the WAL or to the file, and checkpoints.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_core::Uuid;
use certbind_core::history::HistoryOptions;
use redb::{Database, WriteTransaction};

use crate::errors::Cause;
use crate::events::{self, Stopwatch};
use crate::format::{BLOCKS, META, set_revision, set_wal_nonce};
use crate::history::{self, CommitBuilder, HistoryRow, Signature};
use crate::memtable::Memtable;
use crate::settings::Settings;
use crate::storage::Storage;
use crate::wal::{Record, RecordBuilder, Wal};
use crate::write_through::CommitOutcome;

/// The commit path of a store: straight to the file, or to the WAL, which is checkpointed into the
/// file.
#[derive(Debug)]
pub(crate) struct CommitPath {
    storage: Arc<Storage>,
    /// The path of the store, for events.
    path: PathBuf,
    store: Uuid,
    len: u64,
    phase: Phase,
    history: Option<HistoryOptions>,
    /// The history of the commits in the WAL.
    pending: Vec<HistoryRow>,
}

#[derive(Debug)]
enum Phase {
    /// Commits that remain before a WAL is created: a program that makes a few changes pays
    /// nothing.
    BeforeWal(u32),
    Wal(Wal),
    /// There is no WAL in this opening.
    NoWal,
}

impl CommitPath {
    pub(crate) fn new(
        storage: &Arc<Storage>,
        path: &Path,
        store: Uuid,
        settings: &Settings,
    ) -> Self {
        let phase = match (&storage.wal, settings.wal_after_commits) {
            // A foreign file in the WAL's place is left alone.
            (Some(wal), Some(commits)) if matches!(wal.len(), Ok(0)) => Phase::BeforeWal(commits),
            _ => Phase::NoWal,
        };
        Self {
            storage: Arc::clone(storage),
            path: path.to_owned(),
            store,
            len: settings.wal_size,
            phase,
            history: settings.history.clone(),
            pending: Vec::new(),
        }
    }

    /// The author and the time of the next commit, if the store keeps a history.
    pub(crate) fn signature(&self) -> Option<Signature> {
        let history = self.history.as_ref()?;
        Some(Signature::now(&history.author))
    }

    /// A builder for the history of the next commit.
    pub(crate) fn commit_builder(&self, signature: Option<Signature>) -> Option<CommitBuilder> {
        let history = self.history.as_ref()?;
        Some(CommitBuilder::new(signature?, history.max_bytes))
    }

    /// The history of the commits in the WAL, the oldest first.
    pub(crate) fn pending_history(&self) -> &[HistoryRow] {
        &self.pending
    }

    /// A record for the commit of this revision, if there is a WAL.
    pub(crate) fn record(
        &self,
        revision: u64,
        signature: Option<&Signature>,
    ) -> Option<RecordBuilder> {
        match &self.phase {
            Phase::Wal(wal) => {
                let mut record = wal.record(revision);
                if let Some(signature) = signature {
                    record.sign(signature.bytes());
                }
                Some(record)
            }
            Phase::BeforeWal(_) | Phase::NoWal => None,
        }
    }

    /// Commits a record to the WAL.
    pub(crate) fn append(
        &mut self,
        record: &Record,
        history: Option<HistoryRow>,
    ) -> Result<(), Cause> {
        match &mut self.phase {
            Phase::Wal(wal) => wal.append(record).map_err(Cause::WalIo)?,
            Phase::BeforeWal(_) | Phase::NoWal => unreachable!("a record is built by a WAL alone"),
        }
        self.pending.extend(history);
        Ok(())
    }

    /// Commits a transaction to the file. If there is a WAL, the transaction contains its changes
    /// too, so this is a checkpoint.
    pub(crate) fn commit(
        &mut self,
        transaction: WriteTransaction,
        revision: u64,
        history: Option<HistoryRow>,
    ) -> Result<(), Cause> {
        let time = Stopwatch::start();
        self.pending.extend(history);
        history::write(&transaction, &self.pending, self.history.as_ref())?;
        let mut meta = transaction.open_table(META)?;
        set_revision(&mut meta, revision)?;
        let mut created = None;
        if let Phase::BeforeWal(0) = self.phase {
            created = Wal::create(&self.storage, self.store, self.len).ok();
            set_wal_nonce(&mut meta, created.as_ref().map(Wal::nonce))?;
        }
        drop(meta);
        transaction.commit()?;
        self.pending.clear();
        match &mut self.phase {
            Phase::BeforeWal(0) => {
                if created.is_some() {
                    events::wal_created(&self.path, self.len);
                }
                self.phase = created.map_or(Phase::NoWal, Phase::Wal);
            }
            Phase::BeforeWal(commits) => *commits -= 1,
            Phase::Wal(wal) => {
                wal.rewind();
                events::checkpointed(&self.path, revision, time);
            }
            Phase::NoWal => {}
        }
        Ok(())
    }

    /// The point before a commit, for [`roll_back`](Self::roll_back).
    pub(crate) fn commit_point(&self) -> u64 {
        match &self.phase {
            Phase::Wal(wal) => wal.commit_point(),
            Phase::BeforeWal(_) | Phase::NoWal => 0,
        }
    }

    /// Rolls a failed commit back.
    pub(crate) fn roll_back(&mut self, commit_point: u64) -> CommitOutcome {
        match &mut self.phase {
            Phase::Wal(wal) => wal.roll_back(commit_point),
            Phase::BeforeWal(_) | Phase::NoWal => CommitOutcome::RolledBack,
        }
    }

    /// Checkpoints the memtable into the file, which names no WAL afterwards. Returns the WAL for
    /// removal.
    pub(crate) fn end_wal(
        &mut self,
        database: &Database,
        revision: u64,
        memtable: &Memtable,
    ) -> Result<Option<Wal>, Cause> {
        if !matches!(self.phase, Phase::Wal(_)) {
            return Ok(None);
        }
        let time = Stopwatch::start();
        let transaction = database.begin_write()?;
        memtable.write(&mut transaction.open_table(BLOCKS)?)?;
        history::write(&transaction, &self.pending, self.history.as_ref())?;
        let mut meta = transaction.open_table(META)?;
        set_revision(&mut meta, revision)?;
        set_wal_nonce(&mut meta, None)?;
        drop(meta);
        transaction.commit()?;
        self.pending.clear();
        events::checkpointed(&self.path, revision, time);
        match std::mem::replace(&mut self.phase, Phase::NoWal) {
            Phase::Wal(wal) => Ok(Some(wal)),
            Phase::BeforeWal(_) | Phase::NoWal => Ok(None),
        }
    }
}

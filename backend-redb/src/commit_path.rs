//! When commits go to a log, and when they go to the file.

use std::sync::Arc;

use certbind_core::Uuid;
use redb::{Database, WriteTransaction};

use crate::errors::Cause;
use crate::format::{BLOCKS, META, set_revision, set_wal_nonce};
use crate::memtable::Memtable;
use crate::settings::Settings;
use crate::storage::Storage;
use crate::wal::{Record, RecordBuilder, Wal};
use crate::write_through::CommitOutcome;

/// How a store commits: straight to the file, or to its log, which the file is brought up to from
/// time to time.
#[derive(Debug)]
pub(crate) struct CommitPath {
    storage: Arc<Storage>,
    store: Uuid,
    len: u64,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// So many commits before a log begins: who makes a few pays nothing for it.
    BeforeWal(u32),
    Wal(Wal),
    /// There is none in this opening.
    NoWal,
}

impl CommitPath {
    pub(crate) fn new(storage: &Arc<Storage>, store: Uuid, settings: &Settings) -> Self {
        let phase = match (&storage.wal, settings.wal_after_commits) {
            // Where something is in its place, that is not this store's.
            (Some(wal), Some(commits)) if matches!(wal.len(), Ok(0)) => Phase::BeforeWal(commits),
            _ => Phase::NoWal,
        };
        Self {
            storage: Arc::clone(storage),
            store,
            len: settings.wal_size,
            phase,
        }
    }

    /// A record of the commit that makes this revision, if there is a wal.
    pub(crate) fn record(&self, revision: u64) -> Option<RecordBuilder> {
        match &self.phase {
            Phase::Wal(wal) => Some(wal.record(revision)),
            Phase::BeforeWal(_) | Phase::NoWal => None,
        }
    }

    /// Commits to the log, so that it is durable.
    pub(crate) fn append(&mut self, record: &Record) -> Result<(), Cause> {
        match &mut self.phase {
            Phase::Wal(wal) => wal.append(record).map_err(Cause::WalIo),
            Phase::BeforeWal(_) | Phase::NoWal => unreachable!("the record is one of a log"),
        }
    }

    /// Commits to the file, so that it is durable. What the log has is written in it too.
    pub(crate) fn commit(
        &mut self,
        transaction: WriteTransaction,
        revision: u64,
    ) -> Result<(), Cause> {
        let mut meta = transaction.open_table(META)?;
        set_revision(&mut meta, revision)?;
        let mut created = None;
        if let Phase::BeforeWal(0) = self.phase {
            created = Wal::create(&self.storage, self.store, self.len).ok();
            set_wal_nonce(&mut meta, created.as_ref().map(Wal::nonce))?;
        }
        drop(meta);
        transaction.commit()?;
        match &mut self.phase {
            Phase::BeforeWal(0) => self.phase = created.map_or(Phase::NoWal, Phase::Wal),
            Phase::BeforeWal(commits) => *commits -= 1,
            Phase::Wal(wal) => wal.rewind(),
            Phase::NoWal => {}
        }
        Ok(())
    }

    /// Where a commit starts.
    pub(crate) fn commit_point(&self) -> u64 {
        match &self.phase {
            Phase::Wal(wal) => wal.commit_point(),
            Phase::BeforeWal(_) | Phase::NoWal => 0,
        }
    }

    /// Ends a commit that failed.
    pub(crate) fn roll_back(&mut self, commit_point: u64) -> CommitOutcome {
        match &mut self.phase {
            Phase::Wal(wal) => wal.roll_back(commit_point),
            Phase::BeforeWal(_) | Phase::NoWal => CommitOutcome::RolledBack,
        }
    }

    /// Brings the file up to its log, which has this besides, and ends the wal.
    pub(crate) fn end_wal(
        &mut self,
        database: &Database,
        revision: u64,
        memtable: &Memtable,
    ) -> Result<(), Cause> {
        let Phase::Wal(wal) = &self.phase else {
            return Ok(());
        };
        let transaction = database.begin_write()?;
        memtable.write(&mut transaction.open_table(BLOCKS)?)?;
        let mut meta = transaction.open_table(META)?;
        set_revision(&mut meta, revision)?;
        set_wal_nonce(&mut meta, None)?;
        drop(meta);
        transaction.commit()?;
        // If it cannot go, the next opening tries again.
        let _ = wal.remove();
        self.phase = Phase::NoWal;
        Ok(())
    }
}

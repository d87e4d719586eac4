//! When commits go to a log, and when they go to the file.

use std::sync::Arc;

use certbind_core::Uuid;
use redb::{Database, WriteTransaction};

use crate::direct::Settled;
use crate::errors::Cause;
use crate::format::{META, RUNS, name_log, set_revision};
use crate::log::{Log, Record, Whole};
use crate::medium::Medium;
use crate::options::Options;
use crate::unwritten::Unwritten;

/// How a store commits: straight to the file, or to its log, which the file is brought up to from
/// time to time.
#[derive(Debug)]
pub(crate) struct Logging {
    medium: Arc<Medium>,
    store: Uuid,
    len: u64,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// So many commits before a log begins: who makes a few pays nothing for it.
    Before(u32),
    Log(Log),
    /// There is none in this opening.
    Never,
}

impl Logging {
    pub(crate) fn new(medium: &Arc<Medium>, store: Uuid, options: &Options) -> Self {
        let phase = match (&medium.log, options.log_after) {
            // Where something is in its place, that is not this store's.
            (Some(log), Some(commits)) if matches!(log.len(), Ok(0)) => Phase::Before(commits),
            _ => Phase::Never,
        };
        Self {
            medium: Arc::clone(medium),
            store,
            len: options.log_bytes,
            phase,
        }
    }

    /// A record of the commit that makes this revision, if there is a log.
    pub(crate) fn record(&self, revision: u64) -> Option<Record> {
        match &self.phase {
            Phase::Log(log) => Some(log.record(revision)),
            Phase::Before(_) | Phase::Never => None,
        }
    }

    /// Commits to the log, so that it is durable.
    pub(crate) fn append(&mut self, record: &Whole) -> Result<(), Cause> {
        match &mut self.phase {
            Phase::Log(log) => log.append(record).map_err(Cause::LogIo),
            Phase::Before(_) | Phase::Never => unreachable!("the record is one of a log"),
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
        let mut begun = None;
        if let Phase::Before(0) = self.phase {
            begun = Log::begin(&self.medium, self.store, self.len).ok();
            name_log(&mut meta, begun.as_ref().map(Log::nonce))?;
        }
        drop(meta);
        transaction.commit()?;
        match &mut self.phase {
            Phase::Before(0) => self.phase = begun.map_or(Phase::Never, Phase::Log),
            Phase::Before(commits) => *commits -= 1,
            Phase::Log(log) => log.rewind(),
            Phase::Never => {}
        }
        Ok(())
    }

    /// Where a commit starts.
    pub(crate) fn mark(&self) -> u64 {
        match &self.phase {
            Phase::Log(log) => log.mark(),
            Phase::Before(_) | Phase::Never => 0,
        }
    }

    /// Ends a commit that failed.
    pub(crate) fn settle(&mut self, mark: u64) -> Settled {
        match &mut self.phase {
            Phase::Log(log) => log.settle(mark),
            Phase::Before(_) | Phase::Never => Settled::TakenBack,
        }
    }

    /// Brings the file up to its log, which has this besides, and ends the log.
    pub(crate) fn end(
        &mut self,
        database: &Database,
        revision: u64,
        unwritten: &Unwritten,
    ) -> Result<(), Cause> {
        let Phase::Log(log) = &self.phase else {
            return Ok(());
        };
        let transaction = database.begin_write()?;
        unwritten.write(&mut transaction.open_table(RUNS)?)?;
        let mut meta = transaction.open_table(META)?;
        set_revision(&mut meta, revision)?;
        name_log(&mut meta, None)?;
        drop(meta);
        transaction.commit()?;
        // If it cannot go, the next opening tries again.
        let _ = log.remove();
        self.phase = Phase::Never;
        Ok(())
    }
}

//! Rolls a failed commit back, and stops the committer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use certbind_core::{Outcome, StoreError};

use super::Committer;
use crate::commit_path::CommitPath;
use crate::errors::Cause;
use crate::events;
use crate::shared_error::{Stopped, duplicate};
use crate::write_through::{CommitOutcome, CommitPoint};

impl Committer {
    /// Ends a failed commit and stops the committer. Returns the error, or `None` if the commit is
    /// durable nevertheless.
    pub(super) fn roll_back(
        &self,
        commit_path: &mut CommitPath,
        (commit_point, wal_commit_point): (CommitPoint, u64),
        cause: Cause,
    ) -> Option<StoreError> {
        // Damage found while blocks are written aborts the transaction alone.
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
    pub(super) fn publish_unreadable(&self, revision: u64, outcomes: &[&Outcome]) {
        let last = self.view.load_full();
        match last.and_then(|last| last.next_in_memory(revision, outcomes)) {
            Some(next) => self.set_view(next, outcomes),
            None => {
                self.unread_revision.store(revision, Ordering::Release);
                self.view.store(None);
            }
        }
    }

    /// Stops committing; the first reason is kept.
    pub(super) fn fail(&self, error: &Arc<StoreError>, reason: String) -> StoreError {
        let stop = || {
            events::stopped(&self.path, &reason);
            Stopped::by(error, reason)
        };
        let stopped = self.failed.get_or_init(stop).clone();
        Cause::Failed(stopped).at(&self.path)
    }

    /// The first cause of a failure that redb merely remembers.
    pub(crate) fn explain(&self, cause: Cause) -> Cause {
        match cause {
            Cause::Redb(redb::Error::PreviousIo) if self.failed.get().is_some() => self.refusal(),
            cause => cause,
        }
    }

    pub(super) fn refusal(&self) -> Cause {
        let stopped = self.failed.get().cloned();
        Cause::Failed(stopped.unwrap_or_else(|| Stopped::because("a commit failed")))
    }
}

fn unknown(error: &StoreError) -> String {
    format!(
        "a commit failed and could not be rolled back, so its outcome is unknown until the store is \
         opened again: {error}"
    )
}

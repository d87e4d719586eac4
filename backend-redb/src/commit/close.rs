//! Checkpoints and closes a store.

use std::sync::PoisonError;

use certbind_core::Result;
use redb::Database;

use super::Committer;
use crate::errors::{Cause, catch_panic};
use crate::events;

impl Committer {
    /// Checkpoints, removes the WAL and closes the file. The file is closed even if a step fails,
    /// and the next opening finds every acknowledged batch in the file or its WAL.
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

//! Commits a bulk load.

use std::iter;

use certbind_core::{Result, StoreError};

use super::Committer;
use crate::block_writer;
use crate::bulk_load::{BulkLoader, IncomingChanges};
use crate::changes::{Chunk, encode_ahead};
use crate::commit_path::CommitPath;
use crate::errors::{Cause, catch_panic};
use crate::format::{self, BLOCKS};
use crate::memtable::Memtable;
use crate::read_view::ReadView;

impl Committer {
    /// Commits a stream of changes in a transaction of its own, if all of them apply.
    pub(crate) fn bulk_load(&self, changes: IncomingChanges<'_>) -> Result<u64> {
        let mut commit_path = self.commit_path();
        if self.failed.get().is_some() {
            return Err(self.refusal().at(&self.path));
        }
        let at = |cause: Cause| cause.at(&self.path);
        let last = &*self.current_view().map_err(at)?;
        let revision = format::next_revision(last.revision()).map_err(at)?;
        let history = commit_path.commit_builder(commit_path.signature());
        let mut loader = BulkLoader::new(changes, last, history, &self.path).map_err(at)?;
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
            block_writer::write(&mut blocks, chunks)
        })?;
        drop(blocks);
        if !loader.is_complete() {
            return Ok(transaction.abort()?);
        }
        let history = loader.take_history().map(|commit| commit.finish(revision));
        let outcomes: Vec<_> = loader.outcomes().iter().collect();
        let commit = || commit_path.commit(transaction, revision, history);
        self.publish(last, revision, &outcomes, Memtable::default(), commit)
    }
}

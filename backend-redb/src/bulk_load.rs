//! Bulk load: takes changes as they come, checks them against the store, and encodes them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use certbind_core::{Change, Outcome, Result, StoreError};

use crate::changes::{CHUNK, Chunk};
use crate::errors::Cause;
use crate::history::CommitBuilder;
use crate::read_view::ReadView;

/// The source of the changes.
pub(crate) type IncomingChanges<'a> = &'a mut (dyn Iterator<Item = Result<Change>> + Send);

/// Encodes incoming changes in chunks until one cannot be applied.
pub(crate) struct BulkLoader<'a> {
    changes: IncomingChanges<'a>,
    /// The store before the first change.
    base: &'a ReadView,
    path: &'a Path,
    /// The greatest key in the file: later keys need no lookup. `None` if it cannot be read.
    greatest: Option<Vec<u8>>,
    /// The key of the block that was verified last.
    whole: Option<Vec<u8>>,
    /// The key of the last change.
    last: Vec<u8>,
    count: u64,
    /// The outcome of each change, if the store needs them.
    outcomes: Option<Vec<Outcome>>,
    history: Option<CommitBuilder>,
    end: Option<End>,
}

enum End {
    Complete,
    Failed(StoreError),
    /// The iterator of the caller panicked.
    Panicked(Box<dyn Any + Send>),
}

impl<'a> BulkLoader<'a> {
    pub(crate) fn new(
        changes: IncomingChanges<'a>,
        base: &'a ReadView,
        history: Option<CommitBuilder>,
        path: &'a Path,
    ) -> Result<Self, Cause> {
        let greatest = match base.pages().last_key() {
            // The changes may go to other blocks.
            Err(Cause::Codec { .. }) => None,
            last => Some(last?.unwrap_or_default()),
        };
        let is_empty = base.memtable().is_empty() && greatest.as_ref().is_some_and(Vec::is_empty);
        let history = history.map(|commit| match is_empty {
            true => commit.of_empty_store(),
            false => commit,
        });
        Ok(Self {
            changes,
            history,
            greatest,
            base,
            path,
            whole: None,
            last: Vec::new(),
            count: 0,
            outcomes: base.is_in_memory().then(Vec::new),
            end: None,
        })
    }

    /// Whether there were changes and all of them were taken.
    pub(crate) fn is_complete(&self) -> bool {
        self.count > 0 && matches!(self.end, Some(End::Complete))
    }

    /// Whether a change was refused or the caller panicked.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.end, Some(End::Failed(_) | End::Panicked(_)))
    }

    pub(crate) fn outcomes(&self) -> &[Outcome] {
        self.outcomes.as_deref().unwrap_or_default()
    }

    /// The history of the load, once all changes were taken.
    pub(crate) fn take_history(&mut self) -> Option<CommitBuilder> {
        self.history.take()
    }

    /// How many changes there were.
    ///
    /// # Errors
    /// The error of the change that was refused.
    pub(crate) fn finish(self) -> Result<u64> {
        match self.end {
            Some(End::Failed(error)) => Err(error),
            Some(End::Panicked(payload)) => resume_unwind(payload),
            Some(End::Complete) | None => Ok(self.count),
        }
    }

    /// The next chunk, or the last one together with its end.
    fn chunk(&mut self) -> Result<Chunk, End> {
        let mut chunk = Chunk::with_capacity(CHUNK);
        while chunk.len() < CHUNK {
            let next = catch_unwind(AssertUnwindSafe(|| self.changes.next()));
            match next.map_err(End::Panicked)? {
                Some(change) => change
                    .and_then(|change| self.take(change, &mut chunk))
                    .map_err(End::Failed)?,
                None => {
                    self.end = Some(End::Complete);
                    break;
                }
            }
        }
        Ok(chunk)
    }

    fn take(&mut self, change: Change, chunk: &mut Chunk) -> Result<()> {
        let (key, becomes) = (change.key(), change.new_value());
        let bytes = chunk.encode_one(key, becomes);
        if *self.last >= *bytes {
            return Err(StoreError::out_of_order(key.clone()));
        }
        self.last.clear();
        self.last.extend(bytes);
        let greatest = self.greatest.as_ref();
        let found = match self.base.memtable().get(key) {
            Some(entry) => entry.binding().cloned(),
            None if greatest.is_none_or(|greatest| self.last <= *greatest) => self
                .base
                .pages()
                .get_for_update(key, &mut self.whole)
                .map_err(|cause| cause.at(self.path))?,
            None => None,
        };
        change.check(found.as_ref())?;
        self.count += 1;
        if self.outcomes.is_none() && self.history.is_none() {
            return Ok(());
        }
        let outcome = Outcome {
            key: key.clone(),
            before: found,
            after: becomes.cloned(),
        };
        if let Some(history) = &mut self.history {
            history.push(&outcome);
        }
        if let Some(outcomes) = &mut self.outcomes {
            outcomes.push(outcome);
        }
        Ok(())
    }
}

impl Iterator for BulkLoader<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        if self.end.is_some() {
            return None;
        }
        match self.chunk() {
            Ok(chunk) => (!chunk.is_empty()).then_some(chunk),
            Err(end) => {
                self.end = Some(end);
                None
            }
        }
    }
}

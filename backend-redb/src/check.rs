//! Verifies a whole file.

use std::path::Path;
use std::sync::Arc;

use certbind_core::{Result, StoreError};
use redb::{ReadableDatabase, ReadableTableMetadata};

use crate::block::{EntryReader, malformed};
use crate::decode::decode_entry;
use crate::errors::{Cause, catch_panic};
use crate::format::{self, BLOCKS, Identity, META};
use crate::history;
use crate::open::{open_overlay, upgrade_and_replay};
use crate::replay::Replay;
use crate::settings::Verification;
use crate::storage::Storage;
use crate::store::{Mode, RedbStore};
use crate::tables;

/// The result of [`RedbStore::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// The revision of the file.
    pub revision: u64,
    /// How many bindings are intact.
    pub bindings: u64,
    /// The damage that was found, one sentence each.
    pub problems: Vec<String>,
}

impl CheckReport {
    /// Whether no damage was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

impl RedbStore {
    /// Reads the whole file and its WAL again, bypassing every cache, and verifies redb's page
    /// checksums, the checksums of WAL records, and every key and value, including the rows of
    /// other tables. Writes nothing; concurrent batches wait.
    ///
    /// # Errors
    /// An error that prevents reading the file. Damage is not an error; the report lists it.
    pub fn check(&self) -> Result<CheckReport> {
        let current = self.revision();
        let checked = match &self.mode {
            Mode::Writable(committer) => {
                committer.with_writes_paused(|storage| check_storage(storage, self.path()))
            }
            Mode::ReadOnly(reader) => Ok(check_storage(&reader.storage, self.path())),
        };
        let mut report = match checked.map_err(|cause| cause.at(self.path()))? {
            Ok(report) => report,
            Err(cause) => match cause.at(self.path()) {
                StoreError::Corrupt { what, source } => CheckReport {
                    revision: current,
                    bindings: 0,
                    problems: vec![format!("{what}: {source}")],
                },
                error => return Err(error),
            },
        };
        if report.revision < current {
            report.problems.push(format!(
                "the last commit is damaged: the next opening reverts to revision {}, from {current}",
                report.revision
            ));
        }
        Ok(report)
    }
}

fn check_storage(storage: &Arc<Storage>, path: &Path) -> Result<CheckReport, Cause> {
    let database = open_overlay(storage, Verification::WholeFile, CACHE)?;
    catch_panic(|| {
        let replay = Replay::read(storage, &Identity::read(&database)?)?;
        upgrade_and_replay(&database, replay.as_ref())?;
        let transaction = database.begin_read()?;
        let revision = format::revision(&transaction.open_table(META)?)?;
        let blocks = transaction.open_table(BLOCKS)?;
        let (mut bindings, mut count) = (0, 0);
        let mut problems = Vec::new();
        let mut report = |cause: Cause| problems.push(cause.at(path).to_string());
        let mut last: Vec<u8> = Vec::new();
        for block in blocks.range::<&[u8]>(..)? {
            let (block_key, block) = block?;
            count += 1;
            if block_key.value() <= last.as_slice() {
                let error = malformed("it overlaps the block before it");
                report(Cause::block(block_key.value(), error));
            }
            let mut entries = EntryReader::of(block_key.value());
            loop {
                match entries.next(block.value()) {
                    Ok(Some((key, value))) => {
                        match decode_entry(key, value) {
                            Ok(_) => bindings += 1,
                            Err(cause) => report(cause),
                        }
                        last = key.to_vec();
                    }
                    Ok(None) => break,
                    Err(error) => {
                        report(Cause::block(block_key.value(), error));
                        break;
                    }
                }
            }
        }
        tables::check(&transaction, &mut report)?;
        history::check(&transaction, &mut report)?;
        let claimed = blocks.len()?;
        if claimed != count {
            problems.push(format!(
                "redb counts {claimed} blocks, and there are {count}"
            ));
        }
        Ok(CheckReport {
            revision,
            bindings,
            problems,
        })
    })
}

/// Bytes of memory for pages during a check. Each page is read about twice.
const CACHE: usize = 4 << 20;

//! Whether a file is whole.

use std::path::Path;
use std::sync::Arc;

use certbind_core::{Result, StoreError};
use redb::{ReadableDatabase, ReadableTableMetadata};

use crate::block::{EntryReader, malformed};
use crate::decode::decode_entry;
use crate::errors::{Cause, catch_panic};
use crate::format::{self, BLOCKS, Identity, META};
use crate::open::{open_overlay, upgrade_and_replay};
use crate::replay::Replay;
use crate::settings::Verification;
use crate::storage::Storage;
use crate::store::{Mode, RedbStore};
use crate::tables;

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// The revision that the file holds.
    pub revision: u64,
    /// How many bindings are whole.
    pub bindings: u64,
    /// What is not, a sentence each. Empty if all is well.
    pub problems: Vec<String>,
}

impl CheckReport {
    /// Whether all is well.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

impl RedbStore {
    /// Reads the whole file and its log anew, past every cache: redb's check sums, which cover each
    /// page, those of the log's records, and every key and value, those of other tables beside the
    /// bindings too. Writes nothing; batches that come meanwhile wait.
    ///
    /// # Errors
    /// What keeps the file from being read; damage is no error but in the report.
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
                "the last commit is damaged: the file goes back to revision {} from {current}",
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
        let mut told = |cause: Cause| problems.push(cause.at(path).to_string());
        let mut last: Vec<u8> = Vec::new();
        for block in blocks.range::<&[u8]>(..)? {
            let (block_key, block) = block?;
            count += 1;
            if block_key.value() <= last.as_slice() {
                let error = malformed("it begins before the one before it ends");
                told(Cause::block(block_key.value(), error));
            }
            let mut entries = EntryReader::of(block_key.value());
            loop {
                match entries.next(block.value()) {
                    Ok(Some((key, value))) => {
                        match decode_entry(key, value) {
                            Ok(_) => bindings += 1,
                            Err(cause) => told(cause),
                        }
                        last = key.to_vec();
                    }
                    Ok(None) => break,
                    Err(error) => {
                        told(Cause::block(block_key.value(), error));
                        break;
                    }
                }
            }
        }
        tables::check(&transaction, &mut told)?;
        let claimed = blocks.len()?;
        if claimed != count {
            problems.push(format!(
                "it claims {claimed} blocks of records and has {count}"
            ));
        }
        Ok(CheckReport {
            revision,
            bindings,
            problems,
        })
    })
}

/// Memory for pages while a check is under way, in bytes. Each page is read about twice.
const CACHE: usize = 4 << 20;

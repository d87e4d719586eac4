//! Replays the WAL after a crash.

use std::collections::BTreeMap;

use redb::Database;

use crate::block_table;
use crate::block_writer;
use crate::errors::Cause;
use crate::format::{self, BLOCKS, Identity, META};
use crate::history::{self, CommitBuilder, HistoryRow, Signature};
use crate::storage::Storage;
use crate::wal::{HEADER_LEN, Item, Nonce, RecordHeader, SECTOR, check_header, items};

const MISSING: &str = "it is missing";

/// Changes of a WAL that are not in its file.
#[derive(Debug)]
pub(crate) struct Replay {
    /// The revision after the replay.
    revision: u64,
    /// The last change of each key.
    changes: Values,
    /// The commits that go into the history.
    commits: Vec<SignedCommit>,
}

/// Values by their keys; `None` for a key without.
type Values = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A commit that a store with a history has made.
#[derive(Debug)]
struct SignedCommit {
    revision: u64,
    signature: Signature,
    changes: Values,
}

impl Replay {
    /// Reads the WAL that the file names, if it names one.
    pub(crate) fn read(storage: &Storage, file: &Identity) -> Result<Option<Self>, Cause> {
        let Some(nonce) = file.wal else {
            return Ok(None);
        };
        let Some(storage) = &storage.wal else {
            return Err(Cause::Wal(MISSING));
        };
        let len = storage.len().map_err(Cause::WalIo)?;
        if len == 0 {
            return Err(Cause::Wal(MISSING));
        }
        let read = |len| {
            let mut bytes = vec![0; len];
            storage.read(0, &mut bytes).map_err(Cause::WalIo)?;
            Ok::<_, Cause>(bytes)
        };
        let len = usize::try_from(len).map_err(|_| Cause::Wal("it is too long"))?;
        // Checked first, since a foreign file may have any length.
        check_header(&read(len.min(HEADER_LEN))?, len as u64, file.id, nonce)?;
        let bytes = read(len)?;
        Self::parse(&bytes, nonce, file.revision).map(Some)
    }

    fn parse(bytes: &[u8], nonce: Nonce, revision: u64) -> Result<Self, Cause> {
        let mut replay = Self::empty(revision);
        let mut at = SECTOR;
        while let Some((record, taken)) = replay.next(bytes, at, nonce) {
            replay.revision += 1;
            let mut signature = None;
            let mut changes = Values::new();
            for item in items(record) {
                match item? {
                    Item::Signature(bytes) => signature = Some(Signature::of(bytes)),
                    Item::Change((key, value)) => {
                        changes.insert(key.to_vec(), value.map(<[u8]>::to_vec));
                    }
                }
            }
            if let Some(signature) = signature {
                replay.commits.push(SignedCommit {
                    revision: replay.revision,
                    signature,
                    changes: changes.clone(),
                });
            }
            replay.changes.append(&mut changes);
            at += taken;
        }
        // A record is written only after the one before it was synced. So a torn write is always
        // the next record, was not acknowledged, and has no record after it.
        let mut expected = replay.revision.saturating_add(1);
        for sector in bytes.chunks(SECTOR).skip(at / SECTOR) {
            if RecordHeader::of(sector, nonce).is_some_and(|head| head.revision > expected) {
                return Err(Cause::Wal(
                    "it is damaged: valid records follow an invalid one",
                ));
            }
            expected = replay.revision;
        }
        Ok(replay)
    }

    /// The revision after the replay.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The replay of a WAL without records.
    pub(crate) fn empty(revision: u64) -> Self {
        Self {
            revision,
            changes: Values::new(),
            commits: Vec::new(),
        }
    }

    /// The values that each commit replaced, given the values in the file.
    fn history(&self, mut values: Values) -> Vec<HistoryRow> {
        let rows = self.commits.iter().map(|commit| {
            let mut row = CommitBuilder::new(commit.signature.clone(), u64::MAX);
            for (key, value) in &commit.changes {
                let before = values.insert(key.clone(), value.clone()).flatten();
                if before != *value {
                    row.push_encoded(key, before.as_deref());
                }
            }
            row.finish(commit.revision)
        });
        rows.collect()
    }

    fn next<'a>(&self, bytes: &'a [u8], at: usize, nonce: Nonce) -> Option<(&'a [u8], usize)> {
        let bytes = bytes.get(at..)?;
        let head = RecordHeader::of(bytes, nonce)?;
        // Older records date from before a checkpoint.
        if head.revision != self.revision.checked_add(1)? {
            return None;
        }
        head.changes(bytes)
    }

    /// Applies the changes and detaches the WAL, in one transaction.
    pub(crate) fn apply(&self, database: &Database) -> Result<(), Cause> {
        let transaction = database.begin_write()?;
        {
            let mut meta = transaction.open_table(META)?;
            format::set_wal_nonce(&mut meta, None)?;
            format::set_revision(&mut meta, self.revision)?;
            let mut blocks = transaction.open_table(BLOCKS)?;
            let mut whole = None;
            let mut values = Values::new();
            for key in self.changes.keys() {
                // As before every change: a damaged block is not rewritten.
                let read = |value: &[u8]| Ok(value.to_vec());
                let value = block_table::get_for_update(&blocks, &mut whole, key, read)?;
                values.insert(key.clone(), value);
            }
            history::write(&transaction, &self.history(values), None)?;
            let changes = self.changes.iter();
            let changes = changes.map(|(key, value)| (key.as_slice(), value.as_deref()));
            block_writer::write(&mut blocks, &mut [changes.collect()].into_iter())?;
        }
        Ok(transaction.commit()?)
    }
}

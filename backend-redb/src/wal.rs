//! The write-ahead log: the commits since the last checkpoint, as `docs/file-format.md` specifies
//! it.

use std::io;
use std::sync::Arc;

use certbind_core::Uuid;
use redb::StorageBackend;

use crate::changes::{Chunk, EncodedChange};
use crate::errors::Cause;
use crate::storage::Storage;
use crate::write_through::CommitOutcome;

/// The alignment of the header and of records. A disk writes a sector as a whole or not at all, and
/// no sector of an acknowledged record is written again.
pub(crate) const SECTOR: usize = 512;

const MAGIC: &[u8; 8] = b"certblog";

/// The length of the header, and of a record before its changes.
pub(crate) const HEADER_LEN: usize = 52;
const RECORD_HEADER_LEN: usize = 28;
/// The length of a checksum.
const CHECKSUM_LEN: usize = 4;

/// Identifies a WAL and each of its records.
pub(crate) type Nonce = [u8; 16];

/// A WAL that is written to.
#[derive(Debug)]
pub(crate) struct Wal {
    storage: Arc<Storage>,
    nonce: Nonce,
    len: u64,
    /// The offset of the next record.
    end: u64,
    /// Whether that record may have been written in part.
    torn: bool,
    /// How many records were synced.
    synced: u64,
}

impl Wal {
    /// Creates a WAL of `len` bytes and syncs it. It is in use once the file names its nonce.
    pub(crate) fn create(storage: &Arc<Storage>, store: Uuid, len: u64) -> io::Result<Self> {
        let wal = Self {
            storage: Arc::clone(storage),
            nonce: *Uuid::new_v4().as_bytes(),
            len: len.next_multiple_of(SECTOR as u64),
            end: SECTOR as u64,
            torn: false,
            synced: 0,
        };
        let made = wal.make(store);
        if made.is_err() {
            let _ = wal.remove();
        }
        made.map(|()| wal)
    }

    fn make(&self, store: Uuid) -> io::Result<()> {
        let file = self.file()?;
        file.set_len(self.len)?;
        // All of it is written now, so that a later sync writes no metadata.
        let zeros = [0; 1 << 16];
        let mut at = 0;
        while at < self.len {
            let most = zeros.len().min(saturating_usize(self.len - at));
            file.write(at, &zeros[..most])?;
            at += most as u64;
        }
        file.write(0, &header(store, self.nonce, self.len))?;
        file.sync_data()
    }

    pub(crate) fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// An empty record for the commit of this revision.
    pub(crate) fn record(&self, revision: u64) -> RecordBuilder {
        let mut bytes = self.nonce.to_vec();
        bytes.extend_from_slice(&revision.to_le_bytes());
        bytes.resize(RECORD_HEADER_LEN, 0);
        RecordBuilder {
            bytes: Some(bytes),
            most: saturating_usize(self.len - self.end),
        }
    }

    /// Writes a record and syncs it. After an error, call [`roll_back`](Self::roll_back).
    pub(crate) fn append(&mut self, record: &Record) -> io::Result<()> {
        self.torn = true;
        let file = self.file()?;
        file.write(self.end, &record.0)?;
        file.sync_data()?;
        self.torn = false;
        self.synced += 1;
        self.end += record.0.len() as u64;
        Ok(())
    }

    /// Restarts at the first record, after a checkpoint.
    pub(crate) fn rewind(&mut self) {
        self.end = SECTOR as u64;
    }

    /// The point before a commit.
    pub(crate) fn commit_point(&self) -> u64 {
        self.synced
    }

    /// Removes the record of a failed commit.
    pub(crate) fn roll_back(&mut self, commit_point: u64) -> CommitOutcome {
        if self.synced != commit_point {
            return CommitOutcome::Durable;
        }
        if !self.torn {
            return CommitOutcome::RolledBack;
        }
        let wipe = || {
            let file = self.file()?;
            file.write(self.end, &[0; SECTOR])?;
            file.sync_data()
        };
        match wipe() {
            Ok(()) => {
                self.torn = false;
                CommitOutcome::RolledBack
            }
            Err(_) => CommitOutcome::Unknown,
        }
    }

    /// Removes the WAL, once the file no longer names it.
    pub(crate) fn remove(&self) -> io::Result<()> {
        self.file()?.set_len(0)
    }

    fn file(&self) -> io::Result<&dyn StorageBackend> {
        let file = self.storage.wal.as_deref();
        file.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A record that is being built.
#[derive(Debug)]
pub(crate) struct RecordBuilder {
    /// `None` once it does not fit.
    bytes: Option<Vec<u8>>,
    most: usize,
}

/// A complete record: whole sectors.
#[derive(Debug)]
pub(crate) struct Record(Vec<u8>);

impl RecordBuilder {
    /// Appends changes as long as they fit.
    pub(crate) fn push_all(&mut self, mut chunks: impl Iterator<Item = Chunk>) {
        while self.bytes.is_some()
            && let Some(chunk) = chunks.next()
        {
            chunk.iter().for_each(|change| self.push(change));
        }
    }

    /// Appends the signature of the commit, for the history.
    pub(crate) fn sign(&mut self, signature: &[u8]) {
        if let Some(bytes) = &mut self.bytes {
            bytes.push(SIGNATURE);
            append_part(signature, bytes);
        }
    }

    /// Appends a change of a binding; without a value it removes the binding.
    fn push(&mut self, change: EncodedChange<'_>) {
        let Some(bytes) = &mut self.bytes else {
            return;
        };
        let (key, value) = change;
        let long = 1 + 8 + key.len() + value.map_or(0, <[u8]>::len);
        if bytes.len() + long + CHECKSUM_LEN > self.most {
            self.bytes = None;
            return;
        }
        append_change(change, bytes);
    }

    /// The complete record, if the WAL has room for it.
    pub(crate) fn finish(self) -> Option<Record> {
        let mut bytes = self.bytes?;
        let changes = u32::try_from(bytes.len() - RECORD_HEADER_LEN).ok()?;
        bytes[RECORD_HEADER_LEN - 4..RECORD_HEADER_LEN].copy_from_slice(&changes.to_le_bytes());
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
        (bytes.len() <= self.most).then_some(Record(bytes))
    }
}

/// The header of a record that may be incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) revision: u64,
    changes: usize,
}

impl RecordHeader {
    /// The header at the start of these bytes, if a record of this WAL starts there.
    pub(crate) fn of(bytes: &[u8], nonce: Nonce) -> Option<Self> {
        let rest = bytes.strip_prefix(&nonce)?;
        let (revision, rest) = rest.split_first_chunk()?;
        let (changes, _) = rest.split_first_chunk()?;
        Some(Self {
            revision: u64::from_le_bytes(*revision),
            changes: usize::try_from(u32::from_le_bytes(*changes)).ok()?,
        })
    }

    /// The bytes of its changes, and the record's length; `None` if the record is incomplete.
    pub(crate) fn changes(self, bytes: &[u8]) -> Option<(&[u8], usize)> {
        let (record, rest) =
            bytes.split_at_checked(RECORD_HEADER_LEN.checked_add(self.changes)?)?;
        let (sum, _) = rest.split_first_chunk()?;
        let whole = crc32fast::hash(record) == u32::from_le_bytes(*sum);
        let taken = (record.len() + CHECKSUM_LEN).next_multiple_of(SECTOR);
        whole.then_some((&record[RECORD_HEADER_LEN..], taken))
    }
}

/// A part of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    Change(EncodedChange<'a>),
    /// The author and time of the commit.
    Signature(&'a [u8]),
}

const REMOVE: u8 = 0;
const PUT: u8 = 1;
const SIGNATURE: u8 = 2;

/// The parts of a record. Its checksum is valid, so an error here is not accidental damage.
pub(crate) fn items(mut bytes: &[u8]) -> impl Iterator<Item = Result<Item<'_>, Cause>> {
    std::iter::from_fn(move || {
        let (kind, rest) = bytes.split_first()?;
        bytes = rest;
        let item = match (*kind, part(&mut bytes)) {
            (REMOVE, Some(key)) => Some(Item::Change((key, None))),
            (PUT, Some(key)) => part(&mut bytes).map(|value| Item::Change((key, Some(value)))),
            (SIGNATURE, Some(signature)) => Some(Item::Signature(signature)),
            _ => None,
        };
        Some(item.ok_or(Cause::Wal("a record has an invalid change")))
    })
    .fuse()
}

/// Appends a change as a record has it.
pub(crate) fn append_change((key, value): EncodedChange<'_>, bytes: &mut Vec<u8>) {
    bytes.push(if value.is_some() { PUT } else { REMOVE });
    for part in [Some(key), value].into_iter().flatten() {
        append_part(part, bytes);
    }
}

/// Appends the length of some bytes, and the bytes, which are shorter than a WAL.
fn append_part(part: &[u8], bytes: &mut Vec<u8>) {
    let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(part);
}

/// Takes bytes from the front that [`append_part`] has appended.
pub(crate) fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, rest) = bytes.split_first_chunk()?;
    let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
    let (part, rest) = rest.split_at_checked(len)?;
    *bytes = rest;
    Some(part)
}

fn header(store: Uuid, nonce: Nonce, len: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(store.as_bytes());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&len.to_le_bytes());
    let sum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Checks the header of a WAL of `len` bytes.
pub(crate) fn check_header(start: &[u8], len: u64, store: Uuid, nonce: Nonce) -> Result<(), Cause> {
    let found = start
        .get(..HEADER_LEN)
        .ok_or(Cause::Wal("it is truncated"))?;
    let (fields, sum) = found.split_at(HEADER_LEN - CHECKSUM_LEN);
    if !fields.starts_with(MAGIC) || crc32fast::hash(fields).to_le_bytes() != sum {
        return Err(Cause::Wal("it is damaged, or not a WAL"));
    }
    if header(store, nonce, 0)[..HEADER_LEN - CHECKSUM_LEN - 8]
        != fields[..HEADER_LEN - CHECKSUM_LEN - 8]
    {
        return Err(Cause::Wal(
            "it belongs to another store or an earlier opening",
        ));
    }
    match fields[HEADER_LEN - CHECKSUM_LEN - 8..] == len.to_le_bytes() {
        true => Ok(()),
        false => Err(Cause::Wal("its length has changed")),
    }
}

/// Whether a file in the WAL's place is a WAL of this store, complete or not. Any other file is
/// kept.
pub(crate) fn belongs_to(storage: &dyn StorageBackend, store: Uuid) -> io::Result<bool> {
    let len = storage.len()?;
    let mut part = [0; SECTOR];
    let mut at = 0;
    while at < len {
        let part = &mut part[..SECTOR.min(saturating_usize(len - at))];
        storage.read(at, part)?;
        if part.iter().any(|byte| *byte != 0) {
            let start = [&MAGIC[..], store.as_bytes()].concat();
            return Ok(at == 0 && part.starts_with(&start));
        }
        at += SECTOR as u64;
    }
    // The header is written last.
    Ok(true)
}

fn saturating_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

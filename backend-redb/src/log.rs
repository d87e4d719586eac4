//! The log: what was committed since the file was, in the order of the commits. `docs/file-format.md`
//! describes it byte by byte.

use std::io;
use std::sync::Arc;

use certbind_core::Uuid;
use redb::StorageBackend;

use crate::changes::{Change, Chunk};
use crate::direct::Settled;
use crate::errors::Cause;
use crate::medium::Medium;

/// Where a header and each record begin: what a disk writes whole or not at all, so that no byte of
/// a record that was acknowledged is written again.
pub(crate) const SECTOR: usize = 512;

const MAGIC: &[u8; 8] = b"certblog";

/// The length of a header, and of what stands in front of a record's changes.
pub(crate) const HEADER: usize = 52;
const HEAD: usize = 28;
/// The length of a check sum.
const SUM: usize = 4;

/// What tells a log, and each record of it, from all others.
pub(crate) type Nonce = [u8; 16];

/// A log that is written to.
#[derive(Debug)]
pub(crate) struct Log {
    medium: Arc<Medium>,
    nonce: Nonce,
    len: u64,
    /// Where the next record goes.
    end: u64,
    /// Whether a record there may have been written in part.
    torn: bool,
    /// How many records were synced.
    synced: u64,
}

impl Log {
    /// Makes a log of so many bytes, and syncs it. Nothing counts on it before the file names its
    /// nonce.
    pub(crate) fn begin(medium: &Arc<Medium>, store: Uuid, len: u64) -> io::Result<Self> {
        let log = Self {
            medium: Arc::clone(medium),
            nonce: *Uuid::new_v4().as_bytes(),
            len: len.next_multiple_of(SECTOR as u64),
            end: SECTOR as u64,
            torn: false,
            synced: 0,
        };
        let made = log.make(store);
        if made.is_err() {
            let _ = log.remove();
        }
        made.map(|()| log)
    }

    fn make(&self, store: Uuid) -> io::Result<()> {
        let storage = self.storage()?;
        storage.set_len(self.len)?;
        // All of it is written now, so that a sync later has nothing to note but the data.
        let zeros = [0; 1 << 16];
        let mut at = 0;
        while at < self.len {
            let most = zeros.len().min(at_most(self.len - at));
            storage.write(at, &zeros[..most])?;
            at += most as u64;
        }
        storage.write(0, &header(store, self.nonce, self.len))?;
        storage.sync_data()
    }

    pub(crate) fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// A record of the commit that makes this revision, without changes yet.
    pub(crate) fn record(&self, revision: u64) -> Record {
        let mut bytes = self.nonce.to_vec();
        bytes.extend_from_slice(&revision.to_le_bytes());
        bytes.resize(HEAD, 0);
        Record {
            bytes: Some(bytes),
            most: at_most(self.len - self.end),
        }
    }

    /// Writes a record and syncs it. Behind an error, [`settle`](Self::settle) comes next.
    pub(crate) fn append(&mut self, record: &Whole) -> io::Result<()> {
        self.torn = true;
        let storage = self.storage()?;
        storage.write(self.end, &record.0)?;
        storage.sync_data()?;
        self.torn = false;
        self.synced += 1;
        self.end += record.0.len() as u64;
        Ok(())
    }

    /// Starts again from the front: the file has all that was written here.
    pub(crate) fn rewind(&mut self) {
        self.end = SECTOR as u64;
    }

    /// Where a commit starts.
    pub(crate) fn mark(&self) -> u64 {
        self.synced
    }

    /// Takes back the record of a commit that failed.
    pub(crate) fn settle(&mut self, mark: u64) -> Settled {
        if self.synced != mark {
            return Settled::Committed;
        }
        if !self.torn {
            return Settled::TakenBack;
        }
        let wipe = || {
            let storage = self.storage()?;
            storage.write(self.end, &[0; SECTOR])?;
            storage.sync_data()
        };
        match wipe() {
            Ok(()) => {
                self.torn = false;
                Settled::TakenBack
            }
            Err(_) => Settled::Unknown,
        }
    }

    /// Removes it, once the file does not name it any more.
    pub(crate) fn remove(&self) -> io::Result<()> {
        self.storage()?.set_len(0)
    }

    fn storage(&self) -> io::Result<&dyn StorageBackend> {
        let storage = self.medium.log.as_deref();
        storage.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A record that is being put together.
#[derive(Debug)]
pub(crate) struct Record {
    /// Nothing once it does not fit.
    bytes: Option<Vec<u8>>,
    most: usize,
}

/// A record as it is written: whole sectors.
#[derive(Debug)]
pub(crate) struct Whole(Vec<u8>);

impl Record {
    /// Adds changes, as long as they fit.
    pub(crate) fn push_all(&mut self, mut chunks: impl Iterator<Item = Chunk>) {
        while self.bytes.is_some()
            && let Some(chunk) = chunks.next()
        {
            chunk.iter().for_each(|change| self.push(change));
        }
    }

    /// Adds a binding's key, and its value, or nothing where it is removed.
    fn push(&mut self, (key, value): Change<'_>) {
        let Some(bytes) = &mut self.bytes else {
            return;
        };
        let long = 1 + 8 + key.len() + value.map_or(0, <[u8]>::len);
        if bytes.len() + long + SUM > self.most {
            self.bytes = None;
            return;
        }
        bytes.push(u8::from(value.is_some()));
        for part in [Some(key), value].into_iter().flatten() {
            // It is shorter than the log.
            let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&len.to_le_bytes());
            bytes.extend_from_slice(part);
        }
    }

    /// The whole of it, if there is room for it in the log.
    pub(crate) fn whole(self) -> Option<Whole> {
        let mut bytes = self.bytes?;
        let changes = u32::try_from(bytes.len() - HEAD).ok()?;
        bytes[HEAD - 4..HEAD].copy_from_slice(&changes.to_le_bytes());
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
        (bytes.len() <= self.most).then_some(Whole(bytes))
    }
}

/// What stands in front of a record that may be there, or not in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) revision: u64,
    changes: usize,
}

impl Head {
    /// The head of the record of this log with which these bytes begin, if they do with one.
    pub(crate) fn of(bytes: &[u8], nonce: Nonce) -> Option<Self> {
        let rest = bytes.strip_prefix(&nonce)?;
        let (revision, rest) = rest.split_first_chunk()?;
        let (changes, _) = rest.split_first_chunk()?;
        Some(Self {
            revision: u64::from_le_bytes(*revision),
            changes: usize::try_from(u32::from_le_bytes(*changes)).ok()?,
        })
    }

    /// The bytes of its changes, and how many the record takes; nothing if it is not whole.
    pub(crate) fn changes(self, bytes: &[u8]) -> Option<(&[u8], usize)> {
        let (record, rest) = bytes.split_at_checked(HEAD.checked_add(self.changes)?)?;
        let (sum, _) = rest.split_first_chunk()?;
        let whole = crc32fast::hash(record) == u32::from_le_bytes(*sum);
        let taken = (record.len() + SUM).next_multiple_of(SECTOR);
        whole.then_some((&record[HEAD..], taken))
    }
}

/// The changes that stand in these bytes. An error is no accident: their check sum was right.
pub(crate) fn changes(mut bytes: &[u8]) -> impl Iterator<Item = Result<Change<'_>, Cause>> {
    std::iter::from_fn(move || {
        let (kind, rest) = bytes.split_first()?;
        bytes = rest;
        let change = match (kind, part(&mut bytes)) {
            (0, Some(key)) => Some((key, None)),
            (1, Some(key)) => part(&mut bytes).map(|value| (key, Some(value))),
            _ => None,
        };
        Some(change.ok_or(Cause::Log("a record of it makes no sense")))
    })
    .fuse()
}

fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
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

/// Whether a log of so many bytes begins as it has to.
pub(crate) fn check_header(start: &[u8], len: u64, store: Uuid, nonce: Nonce) -> Result<(), Cause> {
    let found = start.get(..HEADER).ok_or(Cause::Log("it is cut short"))?;
    let (fields, sum) = found.split_at(HEADER - SUM);
    if !fields.starts_with(MAGIC) || crc32fast::hash(fields).to_le_bytes() != sum {
        return Err(Cause::Log("it is damaged, or no log"));
    }
    if header(store, nonce, 0)[..HEADER - SUM - 8] != fields[..HEADER - SUM - 8] {
        return Err(Cause::Log("it is the log of another store or time"));
    }
    match fields[HEADER - SUM - 8..] == len.to_le_bytes() {
        true => Ok(()),
        false => Err(Cause::Log("it is not as long as it was")),
    }
}

/// Whether what is in the place of a log is one of this store, or was to become one. Whatever else
/// somebody has there is to stay.
pub(crate) fn is_of(storage: &dyn StorageBackend, store: Uuid) -> io::Result<bool> {
    let len = storage.len()?;
    let mut part = [0; SECTOR];
    let mut at = 0;
    while at < len {
        let part = &mut part[..SECTOR.min(at_most(len - at))];
        storage.read(at, part)?;
        if part.iter().any(|byte| *byte != 0) {
            let start = [&MAGIC[..], store.as_bytes()].concat();
            return Ok(at == 0 && part.starts_with(&start));
        }
        at += SECTOR as u64;
    }
    // The header comes last.
    Ok(true)
}

fn at_most(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

//! The entries of a transaction log since Windows 8.1.
//!
//! An entry has its number, the length of the hive's bins, and pages to write over those of the hive,
//! and two hashes. The log is written from its start each time, so that older entries can follow the
//! last one.

use super::base::SECTOR;
use super::bytes::{u32_at, u64_at};
use super::marvin::log_hash;

const SIGNATURE: &[u8] = b"HvLE";
const HEADER: usize = 40;
/// The part of the header that the second hash covers: with the first hash.
const HASHED_HEADER: usize = 32;
const REFERENCE: usize = 8;
/// The length of a hive's bins is a multiple of this.
const PAGE: u32 = 4096;

/// An entry with valid hashes whose pages are within it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) number: u32,
    /// The length of all bins of the hive once it is applied.
    pub(super) bins: u32,
    references: &'a [u8],
    pages: &'a [u8],
    length: usize,
}

/// The reason why an entry is not read, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadEntry {
    pub(super) offset: usize,
    pub(super) what: &'static str,
    /// Whether entries with higher numbers follow it: it is damaged, not torn.
    pub(super) is_followed: bool,
}

/// The entries of a log with consecutive numbers, from its start.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// The entry that ended them, unless the log ends there or older entries follow.
    pub(super) bad: Option<BadEntry>,
}

impl<'a> Entries<'a> {
    /// Reads the entries of a log file.
    pub(super) fn of(log: &'a [u8]) -> Self {
        let mut found = Self {
            entries: Vec::new(),
            bad: None,
        };
        let mut at = SECTOR;
        while log
            .get(at..)
            .is_some_and(|rest| rest.starts_with(SIGNATURE))
        {
            match Entry::at(log, at) {
                Ok(entry) => {
                    let last = found.last();
                    if last.is_some_and(|last| entry.number != last.wrapping_add(1)) {
                        break;
                    }
                    at += entry.length;
                    found.entries.push(entry);
                }
                Err(what) => {
                    found.bad = Some(BadEntry {
                        offset: at,
                        what,
                        is_followed: has_newer(log, at + SECTOR, found.entries.last()),
                    });
                    return found;
                }
            }
        }
        // Older entries can follow, and never newer ones.
        if has_newer(log, at, found.entries.last()) {
            found.bad = Some(BadEntry {
                offset: at,
                what: "it is missing, and newer entries exist",
                is_followed: true,
            });
        }
        found
    }

    pub(super) fn first(&self) -> Option<u32> {
        self.entries.first().map(|entry| entry.number)
    }

    pub(super) fn last(&self) -> Option<u32> {
        self.entries.last().map(|entry| entry.number)
    }
}

/// Whether an entry from this place on is newer than the last one that was read. Only its header is
/// verified, so that one pass over the log is enough.
fn has_newer(log: &[u8], at: usize, last: Option<&Entry<'_>>) -> bool {
    let starts = (at..log.len()).step_by(SECTOR);
    starts
        .filter_map(|at| number_at(log, at))
        .any(|number| last.is_none_or(|last| number.wrapping_sub(last.number).cast_signed() > 0))
}

/// The number of an entry with a complete header.
fn number_at(log: &[u8], at: usize) -> Option<u32> {
    let header = log.get(at..)?.first_chunk::<HEADER>()?;
    (header.starts_with(SIGNATURE)
        && u64_at(header, HASHED_HEADER) == Some(log_hash(&header[..HASHED_HEADER])))
    .then(|| u32_at(header, 12))
    .flatten()
}

impl<'a> Entry<'a> {
    fn at(log: &'a [u8], at: usize) -> Result<Self, &'static str> {
        const CUT: &str = "the entry is truncated";
        let header = log
            .get(at..)
            .and_then(<[u8]>::first_chunk::<HEADER>)
            .ok_or(CUT)?;
        let field = |at| u32_at(header, at).unwrap_or_default();
        if u64_at(header, HASHED_HEADER) != Some(log_hash(&header[..HASHED_HEADER])) {
            return Err("the hash of the entry's header is wrong");
        }
        let length = field(4) as usize;
        if length < HEADER || !length.is_multiple_of(SECTOR) {
            return Err("the length of the entry is not valid");
        }
        let body = log
            .get(at..)
            .and_then(|rest| rest.get(HEADER..length))
            .ok_or(CUT)?;
        if u64_at(header, 24) != Some(log_hash(body)) {
            return Err("the hash of the entry's pages is wrong");
        }
        let bins = field(16);
        let count = field(20) as usize;
        let references = count
            .checked_mul(REFERENCE)
            .filter(|length| *length <= body.len());
        let references = references.ok_or("the entry has more pages than there is room for")?;
        let (references, pages) = body.split_at(references);
        let entry = Self {
            number: field(12),
            bins,
            references,
            pages,
            length,
        };
        if !bins.is_multiple_of(PAGE) {
            return Err("the length of the hive's bins is not valid");
        }
        let mut left = pages.len();
        for (offset, length) in entry.places() {
            let end = u64::from(offset) + u64::from(length);
            left = left
                .checked_sub(length as usize)
                .ok_or("the entry has more pages than there is room for")?;
            if end > u64::from(bins) {
                return Err("a page of the entry is outside the hive");
            }
        }
        Ok(entry)
    }

    /// The pages: where each is written, counted from the first bin's start, and its bytes.
    pub(super) fn pages(&self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let mut rest = self.pages;
        self.places().filter_map(move |(offset, length)| {
            let (page, more) = rest.split_at_checked(length as usize)?;
            rest = more;
            Some((offset as usize, page))
        })
    }

    fn places(&self) -> impl Iterator<Item = (u32, u32)> + use<'a> {
        let (references, _) = self.references.as_chunks::<REFERENCE>();
        references
            .iter()
            .filter_map(|reference| Some((u32_at(reference, 0)?, u32_at(reference, 4)?)))
    }
}

//! Replaying the transaction logs of a hive, in memory.
//!
//! The rules are those of Suhanov's specification of the registry's file format, and of hives that
//! Windows recovered:
//!
//! - A clean hive is current; its logs are left alone.
//! - Logs are ordered by the numbers of their entries, never by their names.
//! - The first entry has any number from the hive's secondary sequence number on: after two changes of
//!   logs the first ones are in the hive. Each further entry has the next number.
//! - Both hashes of an entry have to be valid. A torn entry at the end of the last log is dropped,
//!   as in Windows. Any other early end of the replay is reported: changes are then missing.
//! - Both sequence numbers of the hive become the number after that of the last entry.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use super::base::{self, Base, Dirty, LENGTH, Sector};
use super::bytes::u64_at;
use super::dirty_vector::DirtyVector;
use super::log_entry::Entries;
use super::log_file::LogFile;

/// The result of replaying the transaction logs of a hive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Recovery {
    /// Whether the hive lacked changes before.
    pub was_dirty: bool,
    /// The logs that were applied, in this order.
    pub applied: Vec<AppliedLog>,
    /// The reasons why changes are missing, or may be.
    pub missing: Vec<String>,
    /// Other notes about the logs.
    pub notes: Vec<String>,
}

/// A log that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AppliedLog {
    /// The name of the log.
    pub name: String,
    /// The number of its entries that were applied.
    pub entries: usize,
    /// The sequence number of the first one.
    pub first: u32,
    /// The sequence number of the last one.
    pub last: u32,
}

impl Recovery {
    /// Whether the hive is current: it was clean, or every change in its logs was applied.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.was_dirty || (!self.applied.is_empty() && self.missing.is_empty())
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.applied.is_empty() {
            return f.write_str("no transaction log was replayed");
        }
        let applied = self.applied.iter().map(|log| {
            let AppliedLog {
                name, first, last, ..
            } = log;
            match log.entries {
                1 => format!("1 entry of {name} ({first})"),
                entries => format!("{entries} entries of {name} ({first} to {last})"),
            }
        });
        write!(
            f,
            "replayed {}",
            applied.collect::<Vec<_>>().join(", then ")
        )
    }
}

/// Replays transaction logs over a hive, in memory. A borrowed hive is copied if something is applied.
///
/// # Errors
/// The bytes found instead of a hive.
pub(super) fn recover<'a>(
    hive: Cow<'a, [u8]>,
    logs: &[LogFile],
) -> Result<(Cow<'a, [u8]>, Recovery), String> {
    let mut recovery = Recovery::default();
    let dirty = match Base::of(&hive) {
        Ok(base) => base.dirty,
        // A log may have an undamaged block.
        Err(_) if base::is_damaged(&hive) && !logs.is_empty() => Some(Dirty::Checksum),
        Err(found) => return Err(found),
    };
    let Some(dirty) = dirty else {
        return Ok((hive, recovery));
    };
    recovery.was_dirty = true;
    let mut entries = Vec::new();
    let mut vectors = Vec::new();
    for log in logs.iter().filter(|log| !log.bytes.is_empty()) {
        match LogContent::of(log) {
            Ok(LogContent::Entries(header, found)) => entries.push(Numbered {
                name: &log.name,
                header,
                found,
            }),
            Ok(LogContent::DirtyVector(header, vector)) => {
                vectors.push((log.name.as_str(), header, vector));
            }
            Err(what) => recovery
                .missing
                .push(format!("{} was not used: {what}", log.name)),
        }
    }
    let mut replay = Replay {
        dirty,
        budget: logs.iter().map(|log| log.bytes.len()).sum(),
        hive,
        recovery,
    };
    if !replay.entries(entries) {
        replay.vectors(vectors);
    }
    Ok((replay.hive, replay.recovery))
}

enum LogContent<'a> {
    Entries(Sector<'a>, Entries<'a>),
    DirtyVector(Sector<'a>, DirtyVector<'a>),
}

impl<'a> LogContent<'a> {
    fn of(log: &'a LogFile) -> Result<Self, String> {
        let header = Sector::of(&log.bytes).ok_or("it is not a transaction log")?;
        if !header.is_intact() {
            return Err("the checksum of its first block is wrong".to_owned());
        }
        match header.file_type() {
            1 | 2 => {
                DirtyVector::of(&log.bytes, header).map(|vector| Self::DirtyVector(header, vector))
            }
            6 => Ok(Self::Entries(header, Entries::of(&log.bytes))),
            0 => Err("it is a hive".to_owned()),
            other => Err(format!("it is a file of type {other}")),
        }
    }
}

/// A log with its entries.
struct Numbered<'a> {
    name: &'a str,
    header: Sector<'a>,
    found: Entries<'a>,
}

struct Replay<'a> {
    dirty: Dirty,
    /// The bytes that the hive may still grow by: those of the logs account for all growth.
    budget: usize,
    hive: Cow<'a, [u8]>,
    recovery: Recovery,
}

impl Replay<'_> {
    /// Replays the entries of logs. Returns false if there are none at all.
    fn entries(&mut self, mut logs: Vec<Numbered<'_>>) -> bool {
        for log in logs.iter().filter(|log| log.found.entries.is_empty()) {
            if let Some(bad) = &log.found.bad {
                self.recovery.missing.push(format!(
                    "{} was not used: {}, at {:#x}",
                    log.name, bad.what, bad.offset
                ));
            }
        }
        logs.retain(|log| !log.found.entries.is_empty());
        if logs.is_empty() {
            return false;
        }
        let start = self.start(&mut logs);
        let newest = logs.iter().filter_map(|log| log.found.last());
        let newest = newest.max_by_key(|number| number.wrapping_sub(start).cast_signed());
        let mut last: Option<(u32, u32)> = None;
        'logs: for (index, log) in logs.iter().enumerate() {
            let mut applied: Option<AppliedLog> = None;
            for entry in &log.found.entries {
                let number = entry.number;
                let wanted = last.map_or(start, |(last, _)| last.wrapping_add(1));
                match number.wrapping_sub(wanted).cast_signed() {
                    i32::MIN..=-1 => continue,
                    1..=i32::MAX if last.is_some() => {
                        self.recovery.missing.push(format!(
                            "replay stopped after entry {}: entry {wanted} is in no log, and {} \
                             continues with {number}",
                            wanted.wrapping_sub(1),
                            log.name
                        ));
                        self.keep(applied);
                        break 'logs;
                    }
                    _ => {}
                }
                if let Err(what) = self.write(&entry.pages().collect::<Vec<_>>()) {
                    self.recovery.missing.push(format!(
                        "replay stopped before entry {number} of {}: {what}",
                        log.name
                    ));
                    self.keep(applied);
                    break 'logs;
                }
                last = Some((number, entry.bins));
                let applied = applied.get_or_insert_with(|| AppliedLog {
                    name: log.name.to_owned(),
                    entries: 0,
                    first: number,
                    last: number,
                });
                applied.entries += 1;
                applied.last = number;
            }
            self.keep(applied);
            let following = logs.get(index + 1).and_then(|next| next.found.first());
            if let (Some(bad), Some(ended)) = (&log.found.bad, log.found.last()) {
                let number = ended.wrapping_add(1);
                let is_superseded = following == Some(number);
                let is_old = number.wrapping_sub(start).cast_signed() < 0;
                let place = format!(
                    "{number} of {}: {}, at {:#x}",
                    log.name, bad.what, bad.offset
                );
                if is_superseded || is_old {
                    self.recovery.notes.push(format!("not used: entry {place}"));
                } else if bad.is_followed || following.is_some() {
                    self.recovery
                        .missing
                        .push(format!("replay stopped before entry {place}"));
                    break 'logs;
                } else {
                    self.recovery
                        .notes
                        .push(format!("dropped the last entry, a torn write, {place}"));
                }
            }
        }
        match (last, newest) {
            (Some((number, bins)), _) => {
                base::settle(self.hive.to_mut(), number.wrapping_add(1), bins);
            }
            (None, Some(newest)) if self.recovery.missing.is_empty() => {
                self.recovery.missing.push(format!(
                    "the hive is newer than its logs: it expects entry {start}, and the last one is \
                     {newest}"
                ));
            }
            (None, _) => {}
        }
        true
    }

    /// Orders the logs, and returns the number from which on entries are applied.
    fn start(&mut self, logs: &mut [Numbered<'_>]) -> u32 {
        let order = |logs: &mut [Numbered<'_>], from: u32| {
            logs.sort_by_key(|log| {
                let first = log.found.first().unwrap_or_default();
                first.wrapping_sub(from).cast_signed()
            });
        };
        if self.dirty == Dirty::Sequence
            && let Some(sector) = Sector::of(&self.hive)
        {
            let start = sector.secondary();
            order(logs, start);
            return start;
        }
        // The block is that of the newest log. The entries before it are applied if their numbers
        // lead up to it: the hive may contain them already, which changes nothing.
        let pivot = logs.first().map_or(0, |log| log.header.secondary());
        order(logs, pivot);
        let mut start = pivot;
        if let Some(newest) = logs.last() {
            base::restore(self.hive.to_mut(), newest.header);
            start = newest.found.first().unwrap_or(pivot);
        }
        for log in logs.iter().rev().skip(1) {
            match (log.found.first(), log.found.last()) {
                (Some(first), Some(last)) if last.wrapping_add(1) == start => start = first,
                _ => break,
            }
        }
        self.recovery
            .notes
            .push("the first block of the hive was restored from a log".to_owned());
        start
    }

    /// Replays the log of changed sectors that belongs to the hive.
    fn vectors(&mut self, logs: Vec<(&str, Sector<'_>, DirtyVector<'_>)>) {
        let stamp = match self.dirty {
            Dirty::Sequence => Sector::of(&self.hive).map(Sector::timestamp),
            // The first bin has a copy of it.
            Dirty::Checksum => u64_at(&self.hive, LENGTH + 20),
        };
        for (name, header, vector) in logs {
            if Some(header.timestamp()) != stamp {
                self.recovery.missing.push(format!(
                    "{name} was not used: it belongs to another state of the hive"
                ));
                continue;
            }
            if let Err(what) = self.write(&vector.sectors().collect::<Vec<_>>()) {
                self.recovery
                    .missing
                    .push(format!("{name} was not used: {what}"));
                continue;
            }
            let hive = self.hive.to_mut();
            if self.dirty == Dirty::Checksum {
                base::restore(hive, header);
            }
            let sequence = header.primary();
            base::settle(hive, sequence, header.bins());
            let unused = std::mem::take(&mut self.recovery.missing);
            self.recovery.notes.extend(unused);
            self.keep(Some(AppliedLog {
                name: name.to_owned(),
                entries: 1,
                first: sequence,
                last: sequence,
            }));
            return;
        }
    }

    /// Writes pages over those of the hive, all or none.
    fn write(&mut self, pages: &[(usize, &[u8])]) -> Result<(), String> {
        let length = self.hive.len();
        let ends = pages.iter().map(|(at, page)| LENGTH + at + page.len());
        let end = ends.max().unwrap_or_default();
        let growth = end.saturating_sub(length);
        if growth > self.budget {
            return Err(format!(
                "it makes the hive {growth} bytes longer, which the logs do not account for"
            ));
        }
        let hive = self.hive.to_mut();
        if growth > hive.capacity() - length {
            // Once, for all entries: doubling would take the memory of the hive again.
            hive.reserve_exact(self.budget);
        }
        self.budget -= growth;
        hive.resize(length + growth, 0);
        for (at, page) in pages {
            hive[LENGTH + at..][..page.len()].copy_from_slice(page);
        }
        Ok(())
    }

    fn keep(&mut self, applied: Option<AppliedLog>) {
        self.recovery.applied.extend(applied);
    }
}

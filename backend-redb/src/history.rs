//! The history: the values that each commit replaced, in a table of the file
//! (`docs/file-format.md`).

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use certbind_core::codec::{CodecError, append_entry, append_key, decode_key};
use certbind_core::history::{Author, Before, Commit, Found, HistoryOptions, Origin};
use certbind_core::{BindingKey, Outcome};
use foldhash::fast::RandomState;
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition, TableError};
use redb::{Table, WriteTransaction};

use crate::decode::decode_row;
use crate::errors::Cause;
use crate::row::{decoded, encoded};
use crate::wal::{Item, append_change, items, part};

/// The rows have the form of all other tables, so every version checks them.
const NAME: &str = "history";
const TABLE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("other/history");

/// The most bytes of a text of an author.
const MAX_TEXT_LEN: usize = 1_000;

/// The bytes of most previous values with their keys, or more.
const USUAL_LEN: usize = 128;

/// The author and time of a commit, as bytes: in a record of the WAL, and at the start of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature(Vec<u8>);

impl Signature {
    /// The author's now.
    pub(crate) fn now(author: &Author) -> Self {
        Self::at(author, SystemTime::now())
    }

    /// That of a change which was made elsewhere.
    pub(crate) fn from(origin: &Origin) -> Self {
        let mut signature = Self::at(&origin.author, origin.time);
        match origin.found {
            Found::FirstLook => signature.0.push(FIRST_OBSERVATION),
            Found::Since(time) => {
                signature.0.push(SINCE);
                signature.0.extend(milliseconds(time).to_le_bytes());
            }
            Found::History => signature.0.push(HISTORY),
        }
        signature
    }

    fn at(author: &Author, time: SystemTime) -> Self {
        let mut bytes = milliseconds(time).to_le_bytes().to_vec();
        for text in [&author.user, &author.host, &author.command, &author.message] {
            let text = start_of(text);
            bytes.extend(u32::try_from(text.len()).unwrap_or(0).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        Self(bytes)
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Collects the values that a commit replaces, up to a length.
#[derive(Debug)]
pub(crate) struct CommitBuilder {
    signature: Signature,
    /// Changes as in a record of the WAL; `None` once they are too long.
    before: Option<Vec<u8>>,
    /// The last change, encoded: a builder encodes all of its changes in one allocation.
    entry: Vec<u8>,
    changes: u64,
    max_bytes: usize,
    is_empty_store: bool,
}

/// The complete list of values that a commit replaced.
#[derive(Clone, Debug)]
pub(crate) struct HistoryRow {
    revision: u64,
    content: Vec<u8>,
}

const VALUES: u8 = 0;
const EMPTY: u8 = 1;
const TOO_LONG: u8 = 2;

/// After the texts of a signature: how the change was found.
const FIRST_OBSERVATION: u8 = 0;
const SINCE: u8 = 1;
const HISTORY: u8 = 2;

impl CommitBuilder {
    pub(crate) fn new(signature: Signature, max_bytes: u64) -> Self {
        Self {
            signature,
            before: Some(Vec::new()),
            entry: Vec::new(),
            changes: 0,
            max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
            is_empty_store: false,
        }
    }

    /// The store has no bindings, so nothing is replaced.
    pub(crate) fn of_empty_store(mut self) -> Self {
        self.is_empty_store = true;
        self
    }

    /// Adds the changes of a commit. Of several changes of a key, the first one replaced the value
    /// before the commit.
    pub(crate) fn push_all(&mut self, outcomes: &[&Outcome], keys_are_unique: bool) {
        if let Some(before) = self.before.as_mut().filter(|_| !self.is_empty_store) {
            before.reserve(self.max_bytes.min(USUAL_LEN.saturating_mul(outcomes.len())));
        }
        let mut seen = match keys_are_unique {
            true => HashSet::default(),
            false => HashSet::with_capacity_and_hasher(outcomes.len(), RandomState::default()),
        };
        for outcome in outcomes {
            let is_change = outcome.before != outcome.after;
            if is_change && (keys_are_unique || seen.insert(&outcome.key)) {
                self.push(outcome);
            }
        }
    }

    pub(crate) fn push(&mut self, outcome: &Outcome) {
        if outcome.before == outcome.after {
            return;
        }
        let mut entry = std::mem::take(&mut self.entry);
        entry.clear();
        entry.reserve(USUAL_LEN);
        match &outcome.before {
            Some(binding) => {
                let end = append_entry(binding, &mut entry);
                let (key, value) = entry.split_at(end);
                self.push_encoded(key, Some(value));
            }
            None => {
                append_key(&outcome.key, &mut entry);
                self.push_encoded(&entry, None);
            }
        }
        self.entry = entry;
    }

    /// Adds a change by the bytes of its key and of its previous value.
    pub(crate) fn push_encoded(&mut self, key: &[u8], before: Option<&[u8]>) {
        self.changes += 1;
        if self.is_empty_store {
            return;
        }
        if let Some(bytes) = &mut self.before {
            append_change((key, before), bytes);
            if bytes.len() > self.max_bytes {
                self.before = None;
            }
        }
    }

    pub(crate) fn finish(self, revision: u64) -> HistoryRow {
        let mut content = Vec::with_capacity(64 + self.signature.0.len());
        content.extend(self.changes.to_le_bytes());
        let (kind, before) = match self.before {
            _ if self.is_empty_store => (EMPTY, Vec::new()),
            Some(before) => (VALUES, before),
            None => (TOO_LONG, Vec::new()),
        };
        content.push(kind);
        let len = u32::try_from(self.signature.0.len()).unwrap_or(0);
        content.extend(len.to_le_bytes());
        content.extend(&self.signature.0);
        content.extend(before);
        HistoryRow { revision, content }
    }
}

/// Writes rows, and removes the oldest that exceed the limits.
pub(crate) fn write(
    transaction: &WriteTransaction,
    rows: &[HistoryRow],
    options: Option<&HistoryOptions>,
) -> Result<(), Cause> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = transaction.open_table(TABLE)?;
    let mut total = match table.last()? {
        Some((key, value)) => total(decoded(NAME, key.value(), value.value())?)?,
        None => 0,
    };
    for row in rows {
        let key = row.revision.to_be_bytes();
        total += row.content.len() as u64 + 8;
        let mut content = total.to_le_bytes().to_vec();
        content.extend(&row.content);
        table.insert(&key[..], encoded(&key, &content).as_slice())?;
    }
    options.map_or(Ok(()), |options| prune(&mut table, total, options))
}

fn prune(
    table: &mut Table<'_, &'static [u8], &'static [u8]>,
    last: u64,
    options: &HistoryOptions,
) -> Result<(), Cause> {
    let oldest = options.max_age.map(|age| {
        let now = milliseconds(SystemTime::now());
        now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX))
    });
    loop {
        let key = {
            let Some((key, value)) = table.first()? else {
                return Ok(());
            };
            let content = decoded(NAME, key.value(), value.value())?;
            let too_old = match oldest {
                Some(oldest) => time(content)? < oldest,
                None => false,
            };
            let before = total(content)? - content.len() as u64;
            let fits = last - before <= options.max_bytes && table.len()? <= options.max_commits;
            if fits && !too_old {
                return Ok(());
            }
            key.value().to_vec()
        };
        table.remove(key.as_slice())?;
    }
}

/// Every commit of the table, the newest first.
pub(crate) fn read(transaction: &ReadTransaction) -> Result<Vec<Commit>, Cause> {
    let table = match transaction.open_table(TABLE) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        found => found?,
    };
    let mut commits = Vec::new();
    for row in table.range::<&[u8]>(..)?.rev() {
        let (key, value) = row?;
        let (key, value) = (key.value(), value.value());
        let content = decoded(NAME, key, value)?;
        let (_, content) = number(content)?;
        let revision = key
            .try_into()
            .map_err(|_| damaged("its key is not a revision"))?;
        commits.push(commit(u64::from_be_bytes(revision), content)?);
    }
    Ok(commits)
}

/// Reports every row that cannot be read.
pub(crate) fn check(
    transaction: &ReadTransaction,
    report: &mut impl FnMut(Cause),
) -> Result<(), Cause> {
    match read(transaction) {
        // Invalid checksums are reported with those of all other tables.
        Err(cause @ Cause::Codec { .. }) => report(cause),
        read => drop(read?),
    }
    Ok(())
}

impl HistoryRow {
    pub(crate) fn commit(&self) -> Result<Commit, Cause> {
        commit(self.revision, &self.content)
    }
}

fn commit(revision: u64, content: &[u8]) -> Result<Commit, Cause> {
    let (changes, rest) = number(content)?;
    let (kind, mut rest) = rest.split_first().ok_or_else(truncated)?;
    let mut signature = part(&mut rest).ok_or_else(truncated)?;
    let time = time_of(&mut signature)?;
    let mut text = || -> Result<String, Cause> {
        let text = part(&mut signature).ok_or_else(truncated)?;
        String::from_utf8(text.to_vec()).map_err(|_| damaged("a text is not UTF-8"))
    };
    let author = Author {
        user: text()?,
        host: text()?,
        command: text()?,
        message: text()?,
    };
    let found = match signature.split_first() {
        None => None,
        Some((&FIRST_OBSERVATION, _)) => Some(Found::FirstLook),
        Some((&SINCE, mut since)) => Some(Found::Since(from_milliseconds(time_of(&mut since)?)?)),
        Some((&HISTORY, _)) => Some(Found::History),
        Some(_) => return Err(damaged("its signature has an unknown part")),
    };
    let before = match *kind {
        EMPTY => Before::Empty,
        TOO_LONG => Before::TooLong,
        VALUES => {
            let mut values = items(rest).map(previous).collect::<Result<Vec<_>, _>>()?;
            // A batch has its changes in any order.
            values.sort_by(|a, b| a.0.cmp(&b.0));
            Before::Values(values)
        }
        _ => return Err(damaged("it has an unknown kind")),
    };
    Ok(Commit {
        revision,
        time: from_milliseconds(time)?,
        author,
        changes,
        before,
        found,
    })
}

fn previous(
    item: Result<Item<'_>, Cause>,
) -> Result<(BindingKey, Option<certbind_core::Binding>), Cause> {
    let Ok(Item::Change((bytes, value))) = item else {
        return Err(damaged("a change is invalid"));
    };
    let key = decode_key(bytes).map_err(codec)?;
    let value = value.map(|value| decode_row(&key, bytes, value));
    Ok((key, value.transpose()?))
}

/// The bytes of all rows so far, which start the content of a row.
fn total(content: &[u8]) -> Result<u64, Cause> {
    number(content).map(|(total, _)| total)
}

fn time(content: &[u8]) -> Result<i64, Cause> {
    let (_, rest) = number(content)?;
    let (_, rest) = number(rest)?;
    let mut rest = rest.get(1..).ok_or_else(truncated)?;
    time_of(&mut part(&mut rest).ok_or_else(truncated)?)
}

fn time_of(signature: &mut &[u8]) -> Result<i64, Cause> {
    let (time, rest) = signature.split_first_chunk().ok_or_else(truncated)?;
    *signature = rest;
    Ok(i64::from_le_bytes(*time))
}

fn number(bytes: &[u8]) -> Result<(u64, &[u8]), Cause> {
    let (number, rest) = bytes.split_first_chunk().ok_or_else(truncated)?;
    Ok((u64::from_le_bytes(*number), rest))
}

/// The first [`MAX_TEXT_LEN`] bytes, or fewer, so that no character is cut.
fn start_of(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT_LEN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Since 1970, negative before.
fn milliseconds(time: SystemTime) -> i64 {
    let number = |age: Duration| i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => number(since),
        Err(before) => -number(before.duration()),
    }
}

fn from_milliseconds(time: i64) -> Result<SystemTime, Cause> {
    let distance = Duration::from_millis(time.unsigned_abs());
    let time = match time {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance),
    };
    time.ok_or_else(|| damaged("its time is out of range"))
}

fn truncated() -> Cause {
    damaged("it is truncated")
}

fn damaged(problem: &str) -> Cause {
    codec(CodecError::Malformed(format!(
        "the row is damaged: {problem}"
    )))
}

fn codec(error: CodecError) -> Cause {
    Cause::Codec {
        record: "a row of the history".to_owned(),
        error,
    }
}

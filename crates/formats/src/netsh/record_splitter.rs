//! Splitting a listing into records and the text around them.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use certbind_core::Kind;

use super::extended::{SectionState, is_title};
use super::field::NULL;
use super::label_dictionary::LabelDictionary;
use super::line_reader::{RawLine, guid, indent, is_hash, key_shape};
use super::window::Window;
use crate::encoding::Encoding;

/// A record, or a line that belongs to none.
#[derive(Debug)]
pub(super) enum Piece {
    Text(RawLine),
    /// From the line of its key to its last line, with the blank ones in between.
    Record(Vec<RawLine>),
}

/// The pieces of a listing, in order; keeps at most one record in memory.
pub(super) struct RecordSplitter<R> {
    window: Window<R>,
    ahead: VecDeque<RawLine>,
    section: SectionState,
    pub(super) known: LabelDictionary,
}

/// The most lines that a record is taken to have. Hosts print about 40.
const LONGEST_RECORD: usize = 512;

/// How far to look for a line after blank ones.
const FARTHEST: usize = 64;

impl<R: BufRead> RecordSplitter<R> {
    /// `reader` returns text in this encoding, without a byte order mark.
    pub(super) fn new(reader: R, encoding: Encoding, known: LabelDictionary) -> Self {
        Self {
            window: Window::new(reader, encoding),
            ahead: VecDeque::new(),
            section: SectionState::default(),
            known,
        }
    }

    /// How many bytes were read.
    pub(super) fn length(&self) -> u64 {
        self.window.length()
    }

    /// The number of the next line.
    pub(super) fn next_number(&self) -> u64 {
        self.window.next_number() - self.ahead.len() as u64
    }

    /// The text from the next line on, and whether it reaches to the end of the listing.
    pub(super) fn rest(&mut self, wanted: usize) -> io::Result<(&str, bool)> {
        let length = self.ahead.iter().map(|line| line.length).sum();
        self.window.go_back(length, self.ahead.len() as u64);
        self.ahead.clear();
        self.window.rest(wanted)
    }

    /// Skips complete lines of that text.
    pub(super) fn advance(&mut self, bytes: usize, lines: u64) {
        self.section = SectionState::default();
        self.window.advance(bytes, lines);
    }

    /// The next piece, if there is one.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        let Some(line) = self.take_unread()? else {
            return Ok(None);
        };
        let begins_record = self.begins_record(&line)?;
        self.section.read(&line);
        if !begins_record {
            return Ok(Some(Piece::Text(line)));
        }
        let mut record = vec![line];
        // A page's markup may have put a blank line after every line.
        let is_spaced = self.empty_ahead(1)? > 0 && self.hash_is_next()?;
        while record.len() < LONGEST_RECORD {
            let blank = self.empty_ahead(FARTHEST)?;
            if !self.goes_on(&record, blank, is_spaced)? {
                break;
            }
            for _ in 0..=blank {
                record.extend(self.take()?);
            }
        }
        Ok(Some(Piece::Record(record)))
    }

    /// Whether the line after `blank` blank ones belongs to the record.
    fn goes_on(&mut self, record: &[RawLine], blank: usize, is_spaced: bool) -> io::Result<bool> {
        // The line, and those after it, past a few blank ones.
        self.look(blank + 8)?;
        let Some(next) = self.ahead.get(blank) else {
            return Ok(false);
        };
        if is_title(next, self.ahead.iter().skip(blank + 1)) {
            return Ok(true);
        }
        let Some(parts) = next.parts() else {
            return Ok(false);
        };
        if self.known.key(parts.label).is_some() {
            return Ok(false);
        }
        if parts.value.is_empty() {
            // A title has no value, and is indented less than the lines of a record.
            let first = record.first().map_or(0, |line| indent(&line.text));
            let is_aligned = blank == 0 && indent(&next.text) == first;
            return Ok(is_aligned || self.known.field(parts.label).is_some());
        }
        if blank == 0 {
            return Ok(true);
        }
        let field = self.known.field(parts.label);
        let is_new = |field| {
            let labels = record.iter().filter_map(RawLine::parts);
            labels
                .into_iter()
                .all(|parts| self.known.field(parts.label) != Some(field))
        };
        match field {
            Some(field) => Ok(is_new(field)),
            None => Ok(is_spaced && !self.begins_record_at(blank)?),
        }
    }

    fn begins_record_at(&mut self, at: usize) -> io::Result<bool> {
        self.look(at + 1 + FARTHEST)?;
        let line = self.ahead.get(at);
        let behind = self.ahead.iter().skip(at + 1);
        Ok(line.is_some_and(|line| is_start(&self.known, self.section, line, behind)))
    }

    fn begins_record(&mut self, line: &RawLine) -> io::Result<bool> {
        if line.parts().is_some() {
            self.look(FARTHEST)?;
        }
        Ok(is_start(&self.known, self.section, line, self.ahead.iter()))
    }

    fn hash_is_next(&mut self) -> io::Result<bool> {
        let blank = self.empty_ahead(FARTHEST)?;
        self.look(blank + 1)?;
        let parts = self.ahead.get(blank).and_then(RawLine::parts);
        let is_value = |value| is_hash(value) || guid(value).is_some() || value == NULL;
        Ok(parts.is_some_and(|parts| is_value(parts.value)))
    }

    /// How many of the next lines are blank, up to `most`.
    fn empty_ahead(&mut self, most: usize) -> io::Result<usize> {
        for at in 0..most {
            self.look(at + 1)?;
            if self.ahead.get(at).is_none_or(|line| !line.is_empty()) {
                return Ok(at);
            }
        }
        Ok(most)
    }

    fn look(&mut self, count: usize) -> io::Result<()> {
        while self.ahead.len() < count {
            let kept = self.ahead.iter().map(|line| line.length).sum();
            match self.window.next(kept)? {
                Some(line) => self.ahead.push_back(line),
                None => break,
            }
        }
        Ok(())
    }

    fn take(&mut self) -> io::Result<Option<RawLine>> {
        let line = self.take_unread()?;
        line.iter().for_each(|line| self.section.read(line));
        Ok(line)
    }

    /// The same, with [`Self::section`] still at the line before.
    fn take_unread(&mut self) -> io::Result<Option<RawLine>> {
        match self.ahead.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.window.next(0),
        }
    }
}

/// Whether a record begins at a line: by its label, or by a value with the syntax of a key and a
/// hash or a GUID soon after it. A line that only a record has begins one too, which then lacks its
/// key.
fn is_start<'a>(
    known: &LabelDictionary,
    section: SectionState,
    line: &RawLine,
    behind: impl Iterator<Item = &'a RawLine>,
) -> bool {
    let Some(parts) = line.parts() else {
        return false;
    };
    if known.key(parts.label).is_some() || known.field(parts.label).is_some() {
        return true;
    }
    match key_shape(parts.value) {
        None if !is_hash(parts.value) => return false,
        // Any number has the syntax of a port of the central certificate store.
        Some(Kind::Ccs) if section.may_have(&parts) => return false,
        _ => {}
    }
    let values: Vec<_> = behind
        .take(FARTHEST)
        .filter(|line| !line.is_empty())
        .take(2)
        .map(|line| line.parts().map_or("", |parts| parts.value))
        .collect();
    let first = values
        .first()
        .is_some_and(|v| guid(v).is_some() || is_hash(v));
    let second = values.get(1).is_some_and(|value| guid(value).is_some());
    first || (second && !is_hash(parts.value))
}

//! Reading a listing.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};

use store_core::{Binding, BindingKey};

use super::known::Known;
use super::learn::Learner;
use super::line::RawLine;
use super::pieces::{Piece, Pieces};
use super::record::{Parsed, parse};
use crate::encoding::{Encoding, of_start};
use crate::report::{Loss, LossKind, Problem};
use crate::{Export, Format, ReadError, ReadOptions, Reading};

/// Reads what `netsh http show sslcert` printed.
///
/// # Errors
/// [`ReadError`]: the bytes are no listing, or, unless the options say to keep going, a record in
/// it is broken.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Reading, ReadError> {
    let start = options
        .encoding
        .map_or_else(|| of_start(bytes).0, |named| named.marked_as(bytes));
    let draft = match start.decode(bytes) {
        Ok(text) => Draft::of(&text, start, options),
        Err(place) if options.encoding.is_some() || start.unit() == 2 => {
            return Err(ReadError::Encoding {
                encoding: start,
                place,
            });
        }
        Err(_) => in_some_code_page(bytes, options),
    };
    draft.reading(options)
}

/// The same without holding the text: `open` gives it from its start, twice, with a buffer of at
/// least 4 KiB. None if it is not in UTF-8 without a mark, or cannot be read: then [`read`] it as a
/// whole, which says why.
///
/// # Errors
/// As [`read`].
pub fn read_twice<R: BufRead>(
    mut open: impl FnMut() -> io::Result<R>,
    options: &ReadOptions,
) -> Result<Option<Reading>, ReadError> {
    let encoding = Encoding::UTF_8;
    let Ok(mut reader) = open() else {
        return Ok(None);
    };
    let is_named = options.encoding.is_none_or(|named| named == encoding);
    let is_plain = |start: &[u8]| of_start(start) == (encoding, 0);
    if !is_named || !reader.fill_buf().is_ok_and(is_plain) {
        return Ok(None);
    }
    let (mut draft, learner, None) = Draft::pass(reader, encoding, options) else {
        return Ok(None);
    };
    let Ok(again) = open() else {
        return Ok(None);
    };
    let mut is_read = true;
    let lines = again.split(b'\n').map_while(|line| {
        let line = line.ok().and_then(|line| String::from_utf8(line).ok());
        is_read &= line.is_some();
        line
    });
    draft.learn(lines, encoding, learner);
    if !is_read {
        return Ok(None);
    }
    draft.reading(options).map(Some)
}

/// Text that is not Unicode. The values that matter are ASCII as a rule, so the code page need not
/// be known; where it must be, the words for on and off tell, and code pages that are equally
/// likely must agree.
fn in_some_code_page(bytes: &[u8], options: &ReadOptions) -> Draft {
    /// Trying every code page takes as many readings.
    const MOST: usize = 1 << 24;
    let text_of = |encoding: Encoding| encoding.decode(bytes).ok();
    let unknown = Encoding::BYTES;
    let plain = text_of(unknown).map(|text| Draft::of(&text, unknown, options));
    let plain = plain.unwrap_or_default();
    if plain.problems.is_empty() || bytes.len() > MOST {
        return plain;
    }
    let mut best = plain;
    let mut disputed = HashSet::new();
    for encoding in Encoding::code_pages() {
        let Some(text) = text_of(encoding) else {
            continue;
        };
        let draft = Draft::of(&text, encoding, options);
        if draft.problems.len() < best.problems.len() {
            best = draft;
            disputed.clear();
        } else if draft.problems.len() == best.problems.len() {
            let pairs = best.spans.iter().zip(&best.export.bindings);
            let others = draft.spans.iter().zip(&draft.export.bindings);
            for (ours, theirs) in pairs.zip(others) {
                if ours.1 != theirs.1 {
                    disputed.insert(ours.0.first);
                }
            }
        }
    }
    best.dispute(&disputed);
    best
}

/// The lines of a record that was understood.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: u64,
    count: usize,
    /// A bit for each field that there is a line for.
    fields: u32,
}

/// A listing as far as it was understood.
#[derive(Debug, Default)]
struct Draft {
    is_listing: bool,
    first_line: String,
    export: Export,
    spans: Vec<Span>,
    losses: Vec<Loss>,
    problems: Vec<Problem>,
}

impl Draft {
    fn of(text: &str, encoding: Encoding, options: &ReadOptions) -> Self {
        let (mut draft, learner, failed) = Self::pass(text.as_bytes(), encoding, options);
        if let Some(error) = failed {
            draft.problems.push(Problem::in_file(error.to_string()));
        }
        draft.learn(text.split('\n'), encoding, learner);
        draft
    }

    /// What is understood, what was learned, and why it could not be read to its end.
    fn pass(
        reader: impl BufRead,
        encoding: Encoding,
        options: &ReadOptions,
    ) -> (Self, Learner, Option<io::Error>) {
        let mut draft = Self::default();
        let mut learner = Learner::new(options.words.clone());
        let mut seen = HashMap::new();
        let known = Known::new(options.words.clone());
        let mut pieces = Pieces::new(reader, known);
        let failed = loop {
            match pieces.next() {
                Ok(Some(Piece::Text(line))) => {
                    learner.line(&line);
                    draft.text(&line);
                    learner.text(line.text);
                }
                Ok(Some(Piece::Record(lines))) => {
                    lines.iter().for_each(|line| learner.line(line));
                    match parse(&lines, &pieces.known, encoding.is_unknown()) {
                        Ok(parsed) => {
                            teach(&mut pieces.known, &parsed);
                            draft.record(parsed, &lines, &mut learner, &mut seen);
                        }
                        Err(problem) => draft.problems.push(problem),
                    }
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        (draft, learner, failed)
    }

    fn reading(self, options: &ReadOptions) -> Result<Reading, ReadError> {
        if !self.is_listing {
            return Err(ReadError::Unrecognised {
                format: Format::Netsh,
                found: self.first_line,
            });
        }
        if !self.problems.is_empty() && !options.keep_going {
            return Err(ReadError::Broken(self.problems));
        }
        Ok(Reading {
            export: self.export,
            lines: self.spans.iter().map(|span| span.first).collect(),
            losses: self.losses,
            errors: self.problems,
        })
    }

    fn text(&mut self, line: &RawLine) {
        let trimmed = line.text.trim();
        if self.first_line.is_empty() {
            self.first_line = trimmed.chars().take(80).collect();
        }
        self.is_listing |= trimmed.len() >= 10 && trimmed.bytes().all(|b| b == b'-');
        let is_field = line.text.starts_with([' ', '\t'])
            && line.parts().is_some_and(|parts| !parts.value.is_empty());
        if is_field {
            let what = "this line belongs to no record; it was passed over";
            self.losses
                .push(Loss::new(LossKind::Skipped, what).at(line.number));
        }
    }

    fn record(
        &mut self,
        parsed: Parsed,
        lines: &[RawLine],
        learner: &mut Learner,
        seen: &mut HashMap<BindingKey, u64>,
    ) {
        let Some(first) = lines.first().map(|line| line.number) else {
            return;
        };
        let key = parsed.binding.key();
        if let Some(earlier) = seen.get(key) {
            let what = format!("this key is on line {earlier} already; expected each key once");
            self.problems
                .push(Problem::at(first, what).of(key.to_string()));
            return;
        }
        seen.insert(key.clone(), first);
        let value_of = |at: usize| {
            let line = lines.iter().filter(|line| !line.is_empty()).nth(at);
            line.and_then(RawLine::parts)
                .map_or("", |parts| parts.value)
        };
        learner.record(&parsed, value_of(1), value_of(2));
        self.losses.extend(parsed.losses);
        self.spans.push(Span {
            first,
            count: lines.len(),
            fields: parsed
                .fields
                .iter()
                .fold(0, |bits, field| bits | 1 << *field as u32),
        });
        self.export.bindings.push(parsed.binding);
    }

    /// Learns the layout, and notes what will not print back with it.
    fn learn(
        &mut self,
        lines: impl Iterator<Item: AsRef<str>>,
        encoding: Encoding,
        learner: Learner,
    ) {
        self.is_listing |= !self.spans.is_empty() || !self.problems.is_empty();
        let keys = || self.export.bindings.iter().map(Binding::key);
        let order = if keys().is_sorted() {
            Vec::new()
        } else {
            keys().cloned().collect()
        };
        let (layout, odd_line) = learner.finish(encoding, order);
        self.export.layout = layout.filter(|_| !self.spans.is_empty() || self.problems.is_empty());
        if let Some(line) = odd_line {
            let what = "this line ends otherwise than others; it will print back with their end";
            self.losses.push(Loss::new(LossKind::Form, what).at(line));
        }
        self.compare(lines);
        let place = |loss: &Loss| (loss.line, loss.kind);
        self.losses.sort_by_key(place);
    }

    /// Holds what the layout prints against the listing, and notes each record or gap that differs.
    fn compare(&mut self, lines: impl Iterator<Item: AsRef<str>>) {
        let Some(layout) = &self.export.layout else {
            return;
        };
        let mut told: Vec<_> = self.losses.iter().filter_map(|loss| loss.line).collect();
        told.sort_unstable();
        let mut lines = lines.zip(1..);
        let mut next = 1;
        let mut last_kind = None;
        let mut found = Vec::new();
        for (span, binding) in self.spans.iter().zip(&self.export.bindings) {
            let kind = binding.key().kind();
            let before = usize::try_from(span.first - next).unwrap_or(usize::MAX);
            let mut gap = lines.by_ref().take(before);
            let expected = layout.gap(last_kind, binding);
            last_kind = Some(kind);
            if let Some(line) = difference(&mut gap, expected.iter().map(String::as_str)) {
                found.push(Loss::new(LossKind::Form, GAP).at(line.unwrap_or(span.first)));
            }
            next = span.first + span.count as u64;
            let printed: Vec<_> = layout.record(binding).into_iter().flatten().collect();
            let mut record = lines.by_ref().take(span.count);
            let differs = difference(&mut record, printed.iter().map(String::as_str));
            let missing = layout.missing(kind, span.fields);
            if !missing.is_empty() && told.binary_search(&span.first).is_err() {
                let what = format!(
                    "trimmed: no line for {}, which other records have; taken to be at the default",
                    missing.join(", ")
                );
                found.push(
                    Loss::new(LossKind::Trimmed, what)
                        .at(span.first)
                        .of(binding.key()),
                );
            } else if let Some(line) = differs {
                let line = line.unwrap_or(span.first);
                let is_told = told
                    .get(told.partition_point(|told| *told < span.first))
                    .is_some_and(|told| *told == line || *told == span.first);
                if !is_told {
                    found.push(Loss::new(LossKind::Form, RECORD).at(line).of(binding.key()));
                }
            }
        }
        self.losses.extend(found);
    }

    /// Takes back the records that begin at these lines.
    fn dispute(&mut self, lines: &HashSet<u64>) {
        let mut spans = self.spans.iter();
        self.export.bindings.retain(|binding| {
            let first = spans.next().map_or(0, |span| span.first);
            let disputed = lines.contains(&first);
            if disputed {
                let what = "a value has characters that code pages read differently; name the \
                            encoding";
                self.problems
                    .push(Problem::at(first, what).of(binding.key().to_string()));
            }
            !disputed
        });
        self.spans.retain(|span| !lines.contains(&span.first));
    }
}

const GAP: &str = "the text in front of this record will print back differently";
const RECORD: &str = "this will print back differently: it is spelled or spaced otherwise than \
                      the host prints it";

pub(super) fn teach(known: &mut Known, parsed: &Parsed) {
    let labels: Vec<_> = parsed
        .labels
        .iter()
        .map(|(label, told)| (label.as_str(), *told))
        .collect();
    known.learn(parsed.binding.key().kind(), &labels);
}

/// The first line that differs, if any; none where one of them ends too soon.
fn difference<'a>(
    found: &mut impl Iterator<Item = (impl AsRef<str>, u64)>,
    mut expected: impl Iterator<Item = &'a str>,
) -> Option<Option<u64>> {
    let mut differs = None;
    for (line, number) in found {
        let line = line.as_ref();
        let line = line.strip_suffix('\r').unwrap_or(line);
        if differs.is_none() && expected.next() != Some(line) {
            differs = Some(Some(number));
        }
    }
    differs.or_else(|| expected.next().is_some().then_some(None))
}

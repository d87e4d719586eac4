//! The prescan of a listing: its properties as a whole, independent of the contents of its records.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, BufRead};

use certbind_core::BindingKey;

use super::layout::Layout;
use super::layout_inference::{LayoutInference, MOST_LINES};
use super::line_reader::{RawLine, first_line};
use super::record::Parsed;
use super::recording::{NotKept, Recording};
use super::shown_fields::ShownFields;
use super::stream::{Found, Reader};
use super::surroundings::Surroundings;
use crate::encoding::Encoding;
use crate::error::ReadError;
use crate::error_list::ErrorList;
use crate::format::Format;
use crate::options::ReadOptions;
use crate::report::{ConversionWarning, ParseError, WarningKind};
use crate::rule::{Rule, holds};

/// The state of a prescan.
#[derive(Debug, Default)]
pub(super) struct Prescan {
    pub(super) surroundings: Surroundings,
    /// Whether a record has a warning that noise may have caused, or cannot be read.
    is_odd: bool,
    /// Whether values were read by the order of lines.
    is_by_position: bool,
    /// The reason why no record of the listing can be trusted.
    contradiction: Option<ParseError>,
    learner: LayoutInference,
    /// The lines that its records have.
    pub(super) shown: ShownFields,
    seen: KeyIndex,
    order: Order,
    /// The records, unless they have to be read again.
    pub(super) recording: Option<Recording>,
    /// How many bytes it has, once it is at its end.
    pub(super) length: u64,
    /// How many records were read.
    pub(super) records: u64,
    /// The warnings about text outside of records.
    pub(super) warnings: Vec<ConversionWarning>,
    pub(super) errors: ErrorList,
    /// The first lines of the records whose keys occurred before, in their order.
    pub(super) repeated_lines: Vec<u64>,
}

/// The keys that a listing has had. There may be millions of them.
#[derive(Debug)]
pub(super) enum KeyIndex {
    /// No key can occur twice, since the order is canonical.
    InOrder,
    /// Whether a key occurs twice is found at the end, when the recording is sorted.
    Recorded,
    /// Each with its line: those at the start as long as they are in canonical order, then all.
    All(Vec<(BindingKey, u64)>, HashMap<BindingKey, u64>),
    /// The duplicates were found before: their lines, each with the line where its key first
    /// occurred.
    Repeats(HashMap<u64, u64>),
}

impl Default for KeyIndex {
    fn default() -> Self {
        Self::in_memory()
    }
}

/// The order of the keys read so far.
#[derive(Debug, Default)]
struct Order {
    last: Option<BindingKey>,
    is_other: bool,
    keys: Vec<BindingKey>,
    is_long: bool,
}

/// The most keys whose order is kept.
const MOST_ORDERED: usize = 100_000;

/// A key is not greater than the previous one, and the records are not kept.
#[derive(Debug)]
pub(super) struct Disorder;

impl Prescan {
    pub(super) fn new(options: &ReadOptions, seen: KeyIndex, recording: Option<Recording>) -> Self {
        Self {
            learner: LayoutInference::new(options.locale.clone()),
            seen,
            recording,
            ..Self::default()
        }
    }

    /// Takes in the next part of the listing.
    pub(super) fn take(&mut self, found: Found) -> Result<(), Disorder> {
        match found {
            Found::Text(line) => {
                self.learner.line(&line);
                self.surroundings.line(&line);
                self.learner.text(line.text);
                Ok(())
            }
            Found::Broken(lines, broken) => {
                self.surroundings.end();
                self.is_odd = true;
                self.shown.add_broken(&lines);
                lines.iter().for_each(|line| self.learner.line(line));
                if broken.is_contradiction && self.contradiction.is_none() {
                    self.contradiction = Some(broken.error.clone());
                }
                self.errors.push(|| broken.error);
                self.keep(|_| Err(NotKept))
            }
            Found::Record(lines, parsed) => {
                lines.iter().for_each(|line| self.learner.line(line));
                self.record(lines, parsed)
            }
            Found::Repeated(record) => {
                self.surroundings.end();
                let key = record.binding.key();
                if !self.add_key(key, record.first)? {
                    return self.keep(|_| Err(NotKept));
                }
                let is_usual = self.learner.has_usual_gap(key.kind());
                let gap = (!is_usual && self.recording.is_some()).then(|| self.learner.gap());
                self.learner.repeated(key);
                self.records += 1;
                self.keep(|recording| recording.repeated(record, gap))
            }
        }
    }

    /// Keeps a record. Without the recording its order has to be canonical.
    fn keep(
        &mut self,
        keep: impl FnOnce(&mut Recording) -> Result<(), NotKept>,
    ) -> Result<(), Disorder> {
        if self.recording.as_mut().is_some_and(|to| keep(to).is_err()) {
            self.recording = None;
        }
        match (&self.seen, &self.recording) {
            (KeyIndex::Recorded, None) => Err(Disorder),
            _ => Ok(()),
        }
    }

    /// The same with all that a reader has.
    pub(super) fn take_all<R: BufRead>(
        &mut self,
        mut reader: Reader<R>,
    ) -> io::Result<Result<(), Disorder>> {
        while let Some(found) = reader.next()? {
            if let Err(disorder) = self.take(found) {
                return Ok(Err(disorder));
            }
        }
        if matches!(self.seen, KeyIndex::Recorded) {
            let sorted = self.recording.take().and_then(|it| it.sorted().ok());
            if sorted.is_none() {
                return Ok(Err(Disorder));
            }
            self.recording = sorted;
        }
        self.length = reader.length();
        self.surroundings.end();
        self.warnings.append(&mut self.surroundings.warnings);
        Ok(Ok(()))
    }

    /// Whether there is anything in it that noise may have caused.
    pub(super) fn is_odd(&self) -> bool {
        let is_skipped = |warning: &ConversionWarning| warning.kind == WarningKind::Skipped;
        let has_skipped = self.warnings.iter().any(is_skipped);
        self.records == 0 || self.is_odd || has_skipped
    }

    fn record(&mut self, lines: Vec<RawLine>, parsed: Parsed) -> Result<(), Disorder> {
        self.surroundings.end();
        let first = first_line(&lines);
        let key = parsed.binding.key();
        self.shown.add(key.kind(), parsed.fields);
        if let Some(windows) = parsed.order_of
            && !std::mem::replace(&mut self.is_by_position, true)
        {
            let what = format!(
                "the labels are in an unknown language; values were read by the order of \
                 the lines, which is exactly that of {windows}"
            );
            let warning = ConversionWarning::new(WarningKind::Inferred, what);
            self.warnings.push(warning.at(first));
        }
        if !self.add_key(key, first)? {
            return self.keep(|_| Err(NotKept));
        }
        let gap = self.recording.is_some().then(|| self.learner.gap());
        let value_of = |at: usize| {
            let line = lines.iter().filter(|line| !line.is_empty()).nth(at);
            line.and_then(RawLine::parts)
                .map_or("", |parts| parts.value)
        };
        self.learner.record(&parsed, value_of(1), value_of(2));
        self.records += 1;
        self.is_odd |= parsed
            .warnings
            .iter()
            .any(|warning| warning.kind != WarningKind::Default);
        self.keep(|recording| recording.record(lines, parsed, gap.ok_or(NotKept)?))
    }

    /// Adds the key of a record. Returns whether the listing did not contain it yet.
    fn add_key(&mut self, key: &BindingKey, line: u64) -> Result<bool, Disorder> {
        if let Some(earlier) = self.seen.add(key, line)
            && holds(Rule::KeyOnce)
        {
            self.errors.push(|| {
                let what = format!("this key is on line {earlier} already; expected each key once");
                ParseError::at(line, what).of(key.to_string())
            });
            self.repeated_lines.push(line);
            return Ok(false);
        }
        let is_canonical = matches!(self.seen, KeyIndex::InOrder);
        self.order.add(key, !is_canonical);
        if is_canonical && self.order.is_other {
            let recording = self.recording.as_mut().ok_or(Disorder)?;
            self.order.recall(recording).map_err(|_| Disorder)?;
            self.order.add(key, true);
            self.seen = KeyIndex::Recorded;
        }
        Ok(true)
    }

    /// Whether all keys were in canonical order.
    pub(super) fn is_sorted(&self) -> bool {
        !self.order.is_other
    }

    /// Checks that it is a listing, and complete as far as required.
    pub(super) fn check(&self, options: &ReadOptions) -> Result<(), ReadError> {
        if let Some(error) = &self.contradiction {
            return Err(ReadError::Malformed(error.clone()));
        }
        let is_none = self.records == 0 && self.errors.is_empty();
        if is_none && !self.surroundings.is_empty_listing() && holds(Rule::RecordOrEmpty) {
            return Err(match self.surroundings.other_output() {
                Some(what) => ReadError::OtherOutput { what },
                None => ReadError::Unrecognised {
                    format: Format::Netsh,
                    found: self.surroundings.first_line().to_owned(),
                },
            });
        }
        if !self.errors.is_empty() && !options.keep_going {
            return Err(ReadError::Broken(self.errors.clone().into_errors()));
        }
        Ok(())
    }

    /// The inferred layout, at the end, and a line whose end differs from most.
    pub(super) fn layout(&mut self, encoding: Encoding) -> (Option<Layout>, Option<u64>) {
        let learner = std::mem::take(&mut self.learner);
        if learner.is_cut() {
            let what = format!(
                "more than {MOST_LINES} lines outside of records are not kept; an export will \
                 have another layout"
            );
            self.warnings
                .push(ConversionWarning::new(WarningKind::Spelling, what));
        }
        let is_lost = self.order.is_other && self.order.is_long;
        let (layout, odd_line) = learner.finish(encoding, self.order.take_other());
        if is_lost && layout.is_some() {
            let what = format!(
                "the order of more than {MOST_ORDERED} records is not kept; an export has them in \
                 canonical order"
            );
            self.warnings
                .push(ConversionWarning::new(WarningKind::Spelling, what));
        }
        if let Some(line) = odd_line {
            let what = "this line has another ending than the others; an export will have theirs";
            self.warnings
                .push(ConversionWarning::new(WarningKind::Spelling, what).at(line));
        }
        let layout = layout.filter(|_| self.records > 0 || self.errors.is_empty());
        (layout, odd_line)
    }
}

impl KeyIndex {
    /// Of a listing that is in memory.
    pub(super) fn in_memory() -> Self {
        Self::All(Vec::new(), HashMap::new())
    }

    /// The line on which it was before, if it was.
    fn add(&mut self, key: &BindingKey, line: u64) -> Option<u64> {
        match self {
            Self::InOrder | Self::Recorded => None,
            Self::All(ordered, lines)
                if lines.is_empty() && ordered.last().is_none_or(|(last, _)| last < key) =>
            {
                ordered.push((key.clone(), line));
                None
            }
            Self::All(ordered, lines) => {
                lines.extend(ordered.drain(..));
                match lines.entry(key.clone()) {
                    Entry::Occupied(earlier) => Some(*earlier.get()),
                    Entry::Vacant(place) => {
                        place.insert(line);
                        None
                    }
                }
            }
            Self::Repeats(lines) => lines.get(&line).copied(),
        }
    }
}

impl Order {
    fn add(&mut self, key: &BindingKey, keep: bool) {
        self.is_other |= self.last.as_ref().is_some_and(|last| last >= key);
        self.last = Some(key.clone());
        if keep {
            self.keep(key.clone());
        }
    }

    fn keep(&mut self, key: BindingKey) {
        match self.keys.len() < MOST_ORDERED {
            true => self.keys.push(key),
            false => self.is_long = true,
        }
    }

    /// Adds the recorded keys, which are in canonical order.
    fn recall(&mut self, recording: &mut Recording) -> Result<(), NotKept> {
        recording.begin_sorting(|key| {
            self.keep(key);
            !self.is_long
        })
    }

    /// All of them, where that is another order than the canonical one and not too long.
    fn take_other(&mut self) -> Vec<BindingKey> {
        let keys = std::mem::take(&mut self.keys);
        match self.is_other && !self.is_long {
            true => keys,
            false => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(numbers: impl Iterator<Item = u32>) -> Order {
        let mut order = Order::default();
        for number in numbers {
            let [a, b, c, d] = number.to_be_bytes();
            order.add(&format!("{a}.{b}.{c}.{d}:443").parse().unwrap(), true);
        }
        order
    }

    #[test]
    fn unusual_order_is_recorded_up_to_a_limit() {
        const MOST: u32 = 100_000;
        let mut canonical = order(0..MOST);
        assert!(!canonical.is_other && canonical.take_other().is_empty());
        let mut kept = order((1..MOST).chain([0])).take_other();
        assert_eq!(kept.len(), MOST_ORDERED);
        assert_eq!(kept.pop().unwrap().to_string(), "ipport=0.0.0.0:443");
        let mut long = order((1..=MOST).chain([0]));
        assert!(long.is_other && long.is_long && long.take_other().is_empty());
    }
}

//! Looking through a listing: what it says as a whole, whatever becomes of its records.

use std::collections::HashMap;
use std::io::{self, BufRead};

use store_core::BindingKey;

use super::compare::Span;
use super::layout::Layout;
use super::learn::Learner;
use super::line::RawLine;
use super::record::Parsed;
use super::stream::{Found, Reader};
use crate::encoding::Encoding;
use crate::report::{Loss, LossKind, Problem};
use crate::{Format, ReadError, ReadOptions};

/// What was seen of a listing so far.
#[derive(Debug, Default)]
pub(super) struct Look {
    first_line: String,
    has_rule: bool,
    learner: Learner,
    keys: Keys,
    /// Whether all keys came in canonical order, once it is at its end.
    pub(super) is_sorted: bool,
    /// How many records were understood.
    pub(super) records: u64,
    /// What is lost outside of records.
    pub(super) losses: Vec<Loss>,
    pub(super) problems: Vec<Problem>,
}

/// The keys that a listing has had. There may be millions of them.
#[derive(Debug)]
pub(super) enum Keys {
    /// In canonical order, which none can come twice in: the last.
    InOrder(Option<BindingKey>),
    /// In any order, with their lines.
    Any(HashMap<BindingKey, u64>),
}

impl Default for Keys {
    fn default() -> Self {
        Self::Any(HashMap::new())
    }
}

/// A key is not behind the one before.
pub(super) struct Disorder;

impl Look {
    pub(super) fn new(options: &ReadOptions, keys: Keys) -> Self {
        Self {
            learner: Learner::new(options.words.clone()),
            keys,
            ..Self::default()
        }
    }

    /// Takes in what comes next. A record that is understood, and has a key of its own, comes back.
    pub(super) fn take(&mut self, found: Found) -> Result<Option<(Span, Parsed)>, Disorder> {
        match found {
            Found::Text(line) => {
                self.learner.line(&line);
                self.text(&line);
                self.learner.text(line.text);
                Ok(None)
            }
            Found::Broken(lines, problem) => {
                lines.iter().for_each(|line| self.learner.line(line));
                self.problems.push(problem);
                Ok(None)
            }
            Found::Record(lines, parsed) => {
                lines.iter().for_each(|line| self.learner.line(line));
                self.record(&lines, parsed)
            }
        }
    }

    /// The same with all that a reader has.
    pub(super) fn take_all<R: BufRead>(
        &mut self,
        mut reader: Reader<R>,
        mut each: impl FnMut(Span, Parsed),
    ) -> io::Result<Result<(), Disorder>> {
        while let Some(found) = reader.next()? {
            match self.take(found) {
                Ok(Some((span, parsed))) => each(span, parsed),
                Ok(None) => {}
                Err(disorder) => return Ok(Err(disorder)),
            }
        }
        Ok(Ok(()))
    }

    fn text(&mut self, line: &RawLine) {
        let trimmed = line.text.trim();
        if self.first_line.is_empty() {
            self.first_line = trimmed.chars().take(80).collect();
        }
        self.has_rule |= trimmed.len() >= 10 && trimmed.bytes().all(|b| b == b'-');
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
        lines: &[RawLine],
        parsed: Parsed,
    ) -> Result<Option<(Span, Parsed)>, Disorder> {
        let span = Span::of(lines, &parsed);
        if let Some(earlier) = self.keys.add(parsed.binding.key(), span.first)? {
            let what = format!("this key is on line {earlier} already; expected each key once");
            let problem = Problem::at(span.first, what);
            self.problems
                .push(problem.of(parsed.binding.key().to_string()));
            return Ok(None);
        }
        let value_of = |at: usize| {
            let line = lines.iter().filter(|line| !line.is_empty()).nth(at);
            line.and_then(RawLine::parts)
                .map_or("", |parts| parts.value)
        };
        self.learner.record(&parsed, value_of(1), value_of(2));
        self.records += 1;
        Ok(Some((span, parsed)))
    }

    /// That it is a listing, and as whole as it has to be.
    pub(super) fn check(&self, options: &ReadOptions) -> Result<(), ReadError> {
        if !self.has_rule && self.records == 0 && self.problems.is_empty() {
            return Err(ReadError::Unrecognised {
                format: Format::Netsh,
                found: self.first_line.clone(),
            });
        }
        if !self.problems.is_empty() && !options.keep_going {
            return Err(ReadError::Broken(self.problems.clone()));
        }
        Ok(())
    }

    /// The layout that was learnt, at the end, and a line that ends otherwise than most.
    pub(super) fn layout(&mut self, encoding: Encoding) -> (Option<Layout>, Option<u64>) {
        let (learner, keys) = (
            std::mem::take(&mut self.learner),
            std::mem::take(&mut self.keys),
        );
        let order = keys.order();
        self.is_sorted = order.is_empty();
        let (layout, odd_line) = learner.finish(encoding, order);
        if let Some(line) = odd_line {
            let what = "this line ends otherwise than others; it will print back with their end";
            self.losses.push(Loss::new(LossKind::Form, what).at(line));
        }
        let layout = layout.filter(|_| self.records > 0 || self.problems.is_empty());
        (layout, odd_line)
    }
}

impl Keys {
    /// The line on which it was before, if it was.
    fn add(&mut self, key: &BindingKey, line: u64) -> Result<Option<u64>, Disorder> {
        match self {
            Self::InOrder(last) if last.as_ref().is_some_and(|last| last >= key) => Err(Disorder),
            Self::InOrder(last) => {
                *last = Some(key.clone());
                Ok(None)
            }
            Self::Any(lines) => {
                let earlier = lines.get(key).copied();
                if earlier.is_none() {
                    lines.insert(key.clone(), line);
                }
                Ok(earlier)
            }
        }
    }

    /// All of them as they came, unless that is their canonical order.
    fn order(self) -> Vec<BindingKey> {
        let Self::Any(lines) = self else {
            return Vec::new();
        };
        let mut keys: Vec<_> = lines.into_iter().collect();
        keys.sort_unstable_by_key(|(_, line)| *line);
        match keys.is_sorted_by(|a, b| a.0 < b.0) {
            true => Vec::new(),
            false => keys.into_iter().map(|(key, _)| key).collect(),
        }
    }
}

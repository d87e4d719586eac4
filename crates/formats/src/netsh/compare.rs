//! Holding a listing against what its layout prints.

use certbind_core::{Binding, Kind};

use super::layout::Layout;
use super::line_reader::RawLine;
use super::record::Parsed;
use crate::report::{ConversionWarning, WarningKind};
use crate::rule::{Rule, holds};

const GAP: &str = "the text in front of this record will print back differently";
const RECORD: &str = "this will print back differently: it is spelled or spaced otherwise than \
                      the host prints it";

/// The lines of a record that was understood.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) first: u64,
    /// A bit for each field that there is a line for.
    fields: u32,
}

impl Span {
    pub(super) fn of(lines: &[RawLine], parsed: &Parsed) -> Self {
        Self {
            first: lines.first().map_or(0, |line| line.number),
            fields: parsed
                .fields
                .iter()
                .fold(0, |bits, field| bits | 1 << *field as u32),
        }
    }
}

/// Goes through a listing from record to record.
pub(super) struct Comparison<'a> {
    layout: &'a Layout,
    last_kind: Option<Kind>,
}

impl<'a> Comparison<'a> {
    pub(super) fn with(layout: &'a Layout) -> Self {
        Self {
            layout,
            last_kind: None,
        }
    }

    /// Lines come without their ends. Where the next record, or the gap in front of it, will print back differently. `told` is the
    /// first line, from the record's first on, that another warning is about.
    pub(super) fn record<S: AsRef<str>>(
        &mut self,
        binding: &Binding,
        span: Span,
        gap: impl Iterator<Item = (S, u64)>,
        mut record: impl Iterator<Item = (S, u64)>,
        told: Option<u64>,
    ) -> [Option<ConversionWarning>; 2] {
        let kind = binding.key().kind();
        let before = self.gap(binding, span.first, gap);
        let printed: Vec<_> = self.layout.record(binding).into_iter().flatten().collect();
        let differs = difference(&mut record, printed.iter().map(String::as_str));
        let missing = self.layout.missing(kind, span.fields);
        let is_missing = !missing.is_empty() && holds(Rule::MissingOfOthers);
        let within = if is_missing && told != Some(span.first) {
            let what = format!(
                "trimmed: no line for {}, which other records have; taken to be at the default",
                missing.join(", ")
            );
            Some(ConversionWarning::new(WarningKind::Trimmed, what).at(span.first))
        } else {
            let line = differs.map(|line| line.unwrap_or(span.first));
            let untold = line.filter(|line| told != Some(*line) && told != Some(span.first));
            untold.map(|line| ConversionWarning::new(WarningKind::Spelling, RECORD).at(line))
        };
        [before, within.map(|warning| warning.of(binding.key()))]
    }
}

impl Comparison<'_> {
    /// Where the text before a record that begins on the line `first` will print back differently.
    pub(super) fn gap<S: AsRef<str>>(
        &mut self,
        binding: &Binding,
        first: u64,
        mut gap: impl Iterator<Item = (S, u64)>,
    ) -> Option<ConversionWarning> {
        let expected = self.layout.gap(self.last_kind, binding);
        self.last_kind = Some(binding.key().kind());
        let line = difference(&mut gap, expected.iter().map(String::as_str))?;
        Some(ConversionWarning::new(WarningKind::Spelling, GAP).at(line.unwrap_or(first)))
    }
}

/// The first line that differs, if any; none where one of them ends too soon.
fn difference<'a>(
    found: &mut impl Iterator<Item = (impl AsRef<str>, u64)>,
    mut expected: impl Iterator<Item = &'a str>,
) -> Option<Option<u64>> {
    let mut differs = None;
    for (line, number) in found {
        if differs.is_none() && expected.next() != Some(line.as_ref()) {
            differs = Some(Some(number));
        }
    }
    differs.or_else(|| expected.next().is_some().then_some(None))
}

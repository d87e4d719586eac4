//! Comparing a listing with the output of its layout.

use certbind_core::{Binding, Kind};

use super::layout::Layout;
use crate::report::{ConversionWarning, WarningKind};

const GAP: &str = "the text before this record will differ in an export";
const RECORD: &str =
    "this record will differ in an export: the host uses another spelling or spacing";

/// Walks through a listing from record to record.
pub(super) struct Comparison<'a> {
    layout: &'a Layout,
    last_kind: Option<Kind>,
}

impl<'a> Comparison<'a> {
    pub(super) fn with(layout: &'a Layout) -> Self {
        Self::after(layout, None)
    }

    /// After a record of this kind.
    pub(super) fn after(layout: &'a Layout, last_kind: Option<Kind>) -> Self {
        Self { layout, last_kind }
    }

    /// Where the record that begins on the line `first`, or the gap before it, will print
    /// differently. Lines are without their ends. `reported` is the first line of the record that
    /// another warning is about.
    pub(super) fn record<S: AsRef<str>, T: AsRef<str>>(
        &mut self,
        binding: &Binding,
        first: u64,
        gap: impl Iterator<Item = (S, u64)>,
        mut record: impl Iterator<Item = (T, u64)>,
        reported: Option<u64>,
    ) -> [Option<ConversionWarning>; 2] {
        let before = self.gap(binding, first, gap);
        let printed: Vec<_> = self.layout.record(binding).into_iter().flatten().collect();
        let differs = difference(&mut record, printed.iter().map(String::as_str));
        let line = differs.map(|line| line.unwrap_or(first));
        let line = line.filter(|line| reported != Some(*line) && reported != Some(first));
        let within =
            line.map(|line| ConversionWarning::new(WarningKind::Spelling, RECORD).at(line));
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

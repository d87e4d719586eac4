//! The warnings about a record that follow from the whole listing, at its end.

use certbind_core::Binding;

use super::compare::Comparison;
use super::field::Field;
use super::layout::Layout;
use super::line_reader::{RawLine, first_line};
use super::shown_fields::{FieldSet, ShownFields};
use super::template::Template;
use crate::report::{ConversionWarning, WarningKind};
use crate::rule::{Rule, holds};

/// What the end of a listing says about its records.
pub(super) struct AtEnd<'a> {
    pub(super) layout: Option<&'a Layout>,
    pub(super) shown: ShownFields,
    pub(super) odd_line: Option<u64>,
}

/// A record that was read line by line.
pub(super) struct Own<'a> {
    pub(super) binding: &'a Binding,
    pub(super) lines: &'a [RawLine],
    pub(super) fields: FieldSet,
    /// The fields whose values are reported as missing.
    pub(super) missing: FieldSet,
}

/// The warnings about a record that was read by a template, and the lines before it.
pub(super) fn before<'a>(
    binding: &Binding,
    first: u64,
    mut warnings: Vec<ConversionWarning>,
    gap: impl Iterator<Item = (&'a str, u64)>,
    comparison: Option<&mut Comparison<'_>>,
) -> Vec<ConversionWarning> {
    warnings.extend(comparison.and_then(|it| it.gap(binding, first, gap)));
    warnings.sort_by_key(ConversionWarning::place);
    warnings
}

impl AtEnd<'_> {
    /// Whether records that a template reads need no comparison with the layout and with other records.
    pub(super) fn prints(&self, template: &Template) -> bool {
        self.layout
            .is_none_or(|layout| template.is_printed_by(layout))
            && !template.lacks(&self.shown)
    }

    /// The warnings about a record and the lines before it: those of its values, and those that follow
    /// from other records.
    pub(super) fn warnings_of<'a>(
        &self,
        own: &Own<'_>,
        mut warnings: Vec<ConversionWarning>,
        gap: impl Iterator<Item = (&'a str, u64)>,
        comparison: Option<&mut Comparison<'_>>,
    ) -> Vec<ConversionWarning> {
        let first = first_line(own.lines);
        warnings.extend(self.missing(first, own));
        if let Some(comparison) = comparison {
            let reported = warnings.iter().filter_map(|warning| warning.line);
            let reported = reported.chain(self.odd_line);
            let reported = reported.filter(|line| *line >= first).min();
            let record = own.lines.iter().map(|line| (line.shown(), line.number));
            let more = comparison.record(own.binding, first, gap, record, reported);
            warnings.extend(more.into_iter().flatten());
        }
        warnings.sort_by_key(ConversionWarning::place);
        warnings
    }

    /// That a record lacks lines which other records of the listing have, unless that is reported.
    fn missing(&self, first: u64, own: &Own<'_>) -> Option<ConversionWarning> {
        let key = own.binding.key();
        let missing = self.shown.missing(key.kind(), own.fields);
        let missing = missing.filter(|field| !own.missing.has(*field));
        let labels: Vec<_> = missing.map(Field::label).collect();
        if labels.is_empty() || !holds(Rule::MissingOfOthers) {
            return None;
        }
        let what = format!(
            "trimmed: no line for {}, which other records have; assumed to be at the default",
            labels.join(", ")
        );
        let warning = ConversionWarning::new(WarningKind::Trimmed, what);
        Some(warning.at(first).of(key))
    }
}

//! Reading a listing as a whole.

use std::collections::HashSet;

use super::compare::{Comparison, Span};
use super::prescan::{KeyIndex, Prescan};
use super::stream::Reader;
use crate::encoding::{Encoding, of_start};
use crate::error::ReadError;
use crate::export::Export;
use crate::options::ReadOptions;
use crate::reading::Reading;
use crate::report::{ConversionWarning, ParseError};

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

/// The most bytes that are read in every code page: that takes as many readings.
pub(super) const MOST_TRIED: u64 = 1 << 24;

/// Text that is not Unicode. The values that matter are ASCII as a rule, so the code page need not
/// be known; where it must be, the words for on and off tell, and code pages that are equally
/// likely must agree.
fn in_some_code_page(bytes: &[u8], options: &ReadOptions) -> Draft {
    let text_of = |encoding: Encoding| encoding.decode(bytes).ok();
    let unknown = Encoding::BYTES;
    let plain = text_of(unknown).map(|text| Draft::of(&text, unknown, options));
    let plain = plain.unwrap_or_default();
    if plain.look.errors.is_empty() || bytes.len() as u64 > MOST_TRIED {
        return plain;
    }
    let mut best = plain;
    let mut disputed = HashSet::new();
    for encoding in Encoding::code_pages() {
        let Some(text) = text_of(encoding) else {
            continue;
        };
        let draft = Draft::of(&text, encoding, options);
        if draft.look.errors.len() < best.look.errors.len() {
            best = draft;
            disputed.clear();
        } else if draft.look.errors.len() == best.look.errors.len() {
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

/// A listing as far as it was understood.
#[derive(Debug, Default)]
struct Draft {
    look: Prescan,
    export: Export,
    spans: Vec<Span>,
    warnings: Vec<ConversionWarning>,
}

impl Draft {
    fn of(text: &str, encoding: Encoding, options: &ReadOptions) -> Self {
        let mut draft = Self {
            look: Prescan::new(options, KeyIndex::default()),
            ..Self::default()
        };
        let reader = Reader::of_text(text, encoding, options.locale.clone());
        let read = draft.look.take_all(reader, |span, parsed| {
            draft.spans.push(span);
            draft.warnings.extend(parsed.warnings);
            draft.export.bindings.push(parsed.binding);
        });
        if let Err(error) = read {
            let error = ParseError::in_file(error.to_string());
            draft.look.errors.push(error);
        }
        (draft.export.layout, _) = draft.look.layout(encoding);
        draft.warnings.append(&mut draft.look.warnings);
        draft.compare(text);
        draft.warnings.sort_by_key(ConversionWarning::place);
        draft
    }

    fn reading(self, options: &ReadOptions) -> Result<Reading, ReadError> {
        self.look.check(options)?;
        Ok(Reading {
            export: self.export,
            lines: self.spans.iter().map(|span| span.first).collect(),
            warnings: self.warnings,
            errors: self.look.errors,
        })
    }

    /// Notes what will not print back.
    fn compare(&mut self, text: &str) {
        let Some(layout) = &self.export.layout else {
            return;
        };
        let mut comparison = Comparison::with(layout);
        let mut told: Vec<_> = self
            .warnings
            .iter()
            .filter_map(|warning| warning.line)
            .collect();
        told.sort_unstable();
        let lines = text.split('\n');
        let mut lines = lines
            .map(|line| line.strip_suffix('\r').unwrap_or(line))
            .zip(1..);
        let mut next = 1;
        for (span, binding) in self.spans.iter().zip(&self.export.bindings) {
            let before = usize::try_from(span.first - next).unwrap_or(usize::MAX);
            let gap: Vec<_> = lines.by_ref().take(before).collect();
            next = span.first + span.count as u64;
            let record = lines.by_ref().take(span.count);
            let told = told.get(told.partition_point(|told| *told < span.first));
            let warnings =
                comparison.record(binding, *span, gap.into_iter(), record, told.copied());
            self.warnings.extend(warnings.into_iter().flatten());
        }
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
                let error = ParseError::at(first, what).of(binding.key().to_string());
                self.look.errors.push(error);
            }
            !disputed
        });
        self.spans.retain(|span| !lines.contains(&span.first));
    }
}

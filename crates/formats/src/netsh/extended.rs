//! The Extended Properties of a record: each begins with a title that is indented less, then
//! `PropertyId`, which no language translates, then the values in their order; known labels
//! identify them as well.
//!
//! Netsh prints two of them with values, also where none is set.

use certbind_core::ExtendedProperties;

use super::field::Field;
use super::label_dictionary::LabelDictionary;
use super::labels;
use super::layout::Line;
use super::line_reader::{Parts, RawLine, guid, indent, is_hash, is_number};
use super::property_fields::{VALUES, set, shown};
use super::recognition::Recognition;
use crate::report::{ConversionWarning, WarningKind};
use crate::rule::{Rule, holds};

/// The label of a property's id, in every language that was seen.
const ID: &str = "PropertyId";

/// The Extended Properties of a record.
#[derive(Default)]
pub(super) struct Sections {
    pub(super) lines: Vec<Line>,
    pub(super) warnings: Vec<ConversionWarning>,
    pub(super) properties: ExtendedProperties,
    pub(super) fields: Vec<Field>,
    /// The fields whose values are reported as missing.
    pub(super) missing: Vec<Field>,
    /// The line of a label that stood at another position in an earlier record.
    pub(super) contradiction: Option<u64>,
    /// The labels of these fields, where the record was read by the order of its lines.
    pub(super) labels: Vec<(String, Recognition)>,
}

/// Whether a line is the title of an Extended Property: it has no value, and the next line that is
/// not blank contains its id, or a number that is indented more.
pub(super) fn is_title<'a>(
    line: &RawLine,
    mut following: impl Iterator<Item = &'a RawLine>,
) -> bool {
    let has_value = line.parts().is_some_and(|parts| !parts.value.is_empty());
    if has_value || line.is_empty() {
        return false;
    }
    let next = following.find(|line| !line.is_empty());
    let Some((next, parts)) = next.and_then(|next| Some((next, next.parts()?))) else {
        return false;
    };
    let (indent, of_next) = (indent(&line.text), indent(&next.text));
    parts.label == ID || (of_next > indent && indent > 0 && is_number(parts.value))
}

/// The line at which the Extended Properties of a record begin.
pub(super) fn start(lines: &[RawLine]) -> Option<usize> {
    let behind = |at: usize| lines.iter().skip(at + 1);
    let title = (1..lines.len()).find(|at| is_title(&lines[*at], behind(*at)));
    title.or_else(|| lines.iter().position(is_id))
}

/// The first of these lines that belongs to no property, but to a record without a key.
pub(super) fn foreign(lines: &[RawLine], known: &LabelDictionary) -> Option<u64> {
    let is_foreign = |line: &&RawLine| {
        line.parts().is_some_and(|parts| {
            let field = known.field(parts.label);
            field.is_some_and(|field| !field.is_extended())
                || is_hash(parts.value)
                || guid(parts.value).is_some()
        })
    };
    lines.iter().find(is_foreign).map(|line| line.number)
}

/// How many properties these lines show.
pub(super) fn count(lines: &[RawLine]) -> usize {
    lines.iter().filter(|line| is_id(line)).count()
}

fn is_id(line: &RawLine) -> bool {
    line.parts().is_some_and(|parts| parts.label == ID)
}

/// The state of reading a listing, as far as Extended Properties are concerned.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SectionState {
    /// How many lines of the property may still follow.
    due: usize,
}

impl SectionState {
    /// The next line of the listing.
    pub(super) fn read(&mut self, line: &RawLine) {
        if line.is_empty() {
            return;
        }
        self.due = match line.parts() {
            None => 0,
            Some(parts) if parts.label == ID => {
                let values = parts
                    .value
                    .parse()
                    .ok()
                    .and_then(|id: usize| VALUES.get(id));
                values.map_or(0, |values| values.len())
            }
            // The title of a property, or of the listing.
            Some(parts) if parts.value.is_empty() => 1,
            Some(_) => self.due.saturating_sub(1),
        };
    }

    /// Whether the next line can belong to a property.
    pub(super) fn may_have(self, line: &Parts<'_>) -> bool {
        line.label == ID || self.due > 0
    }
}

/// Reads the sections. A value is identified by its label or, with `by_position`, by its position
/// if all values of the property are present.
pub(super) fn parse(lines: &[RawLine], known: &LabelDictionary, by_position: bool) -> Sections {
    let mut sections = Sections::default();
    let mut without_value = Vec::new();
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let end = rest
            .iter()
            .skip(1)
            .position(|line| is_heading(line) || is_id(line));
        let mut end = end.map_or(rest.len(), |at| at + 1);
        if is_heading(first) && rest.get(end).is_some_and(is_id) && end == blank_after(rest) {
            let next = rest.iter().skip(end + 1);
            let next = next
                .take_while(|line| !is_heading(line) && !is_id(line))
                .count();
            end += 1 + next;
        }
        let (section, others) = rest.split_at(end);
        sections.add(section, known, by_position, &mut without_value);
        rest = others;
    }
    if let (true, Some((line, _))) = (sections.warnings.is_empty(), without_value.first()) {
        let ids: Vec<_> = without_value.iter().map(|(_, id)| *id).collect();
        let what = format!(
            "Extended Properties {} are shown without a value; they are not converted",
            ids.join(", ")
        );
        sections
            .warnings
            .push(ConversionWarning::new(WarningKind::Default, what).at(*line));
    }
    sections
}

/// Whether a line is not blank and has no value.
fn is_heading(line: &RawLine) -> bool {
    !line.is_empty() && line.parts().is_none_or(|parts| parts.value.is_empty())
}

/// The line after the first that is not blank.
fn blank_after(lines: &[RawLine]) -> usize {
    1 + lines
        .iter()
        .skip(1)
        .take_while(|line| line.is_empty())
        .count()
}

impl Sections {
    fn add<'a>(
        &mut self,
        lines: &'a [RawLine],
        known: &LabelDictionary,
        by_position: bool,
        without_value: &mut Vec<(u64, &'a str)>,
    ) {
        let id = lines.iter().find(|line| is_id(line));
        let id_line = id.map(|line| line.number);
        let id_text = id.and_then(RawLine::parts).map_or("", |parts| parts.value);
        let id: Option<usize> = Some(id_text)
            .filter(|text| is_number(text))
            .and_then(|text| text.parse().ok());
        let expected: &[Field] = id
            .and_then(|id| VALUES.get(id))
            .copied()
            .unwrap_or_default();
        let is_value = |line: &&RawLine| {
            !is_id(line) && line.parts().is_some_and(|parts| !parts.value.is_empty())
        };
        let is_whole = lines.iter().filter(is_value).count() == expected.len();
        let warned = self.warnings.len();
        let mut place = 0;
        let mut found = Vec::new();
        for line in lines {
            let Some(parts) = line.parts().filter(|parts| !parts.value.is_empty()) else {
                self.lines.push(Line::text(&line.text));
                continue;
            };
            if is_id(line) {
                self.lines.push(Line::text(&line.text));
                continue;
            }
            let by_place = expected
                .get(place)
                .copied()
                .filter(|_| by_position && is_whole);
            let field = match (labels::field(parts.label), known.field(parts.label)) {
                (Some(named), _) => Some(named).filter(|named| expected.contains(named)),
                // In an earlier record the label had another position: one of both is damaged.
                (None, Some(other)) => expected.contains(&other).then_some(other),
                (None, None) => by_place,
            };
            let field = field.filter(|field| by_place.is_none_or(|other| other == *field));
            place += 1;
            let taught = known.field(parts.label).filter(|_| by_position);
            if by_place.is_some() && taught.is_some_and(|taught| by_place != Some(taught)) {
                self.contradiction.get_or_insert(line.number);
            }
            let number = parts.value.parse().ok().filter(|_| is_number(parts.value));
            match (field, number) {
                (Some(field), Some(number)) if !self.fields.contains(&field) => {
                    let default = shown(&ExtendedProperties::default(), field);
                    let is_sure = expected.len() == 1 || labels::field(parts.label).is_some();
                    if !is_sure && default != Some(number) && holds(Rule::PositionIsReported) {
                        let what = format!("read as {:?}, by its position", field.label());
                        self.warn(WarningKind::Inferred, line.number, what);
                    }
                    set(&mut self.properties, field, number);
                    self.fields.push(field);
                    found.push(field);
                    if by_position {
                        let recognition = Recognition::ByPosition(field);
                        self.labels.push((parts.label.to_owned(), recognition));
                    }
                    self.lines.push(Line {
                        field: Some(field),
                        after: parts.after.to_owned(),
                        ..Line::text(parts.before)
                    });
                }
                _ => {
                    let what = format!(
                        "Extended Properties: {:?} is {:?}; it is not converted",
                        parts.label, parts.value
                    );
                    self.warn(WarningKind::Value, line.number, what);
                    self.lines.push(Line::text(&line.text));
                }
            }
        }
        let first = lines.first().map_or(0, |line| line.number);
        match id {
            None if id_line.is_none() && lines.iter().all(RawLine::is_empty) => {}
            None => {
                let what = format!("Extended Property {id_text:?} is not converted");
                self.warn(WarningKind::Value, id_line.unwrap_or(first), what);
            }
            Some(id) if id >= VALUES.len() => {
                without_value.push((id_line.unwrap_or(first), id_text));
            }
            Some(_) => {
                let missing = expected.iter().filter(|field| !found.contains(field));
                let missing: Vec<_> = missing.copied().collect();
                let is_reported = self.warnings.len() > warned;
                if !missing.is_empty() && !is_reported && holds(Rule::MissingProperty) {
                    let labels: Vec<_> = missing.iter().map(|field| field.label()).collect();
                    let what = format!(
                        "trimmed: no value for {}; assumed to be at the default",
                        labels.join(", ")
                    );
                    self.missing.extend(missing);
                    self.warn(WarningKind::Trimmed, id_line.unwrap_or(first), what);
                }
            }
        }
    }

    fn warn(&mut self, kind: WarningKind, line: u64, what: String) {
        self.warnings
            .push(ConversionWarning::new(kind, what).at(line));
    }
}

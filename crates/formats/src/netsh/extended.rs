//! The Extended Properties of a record: each begins with a title that stands further left, then
//! `PropertyId`, which no language translates, then the values in their order; known labels tell them as well.
//!
//! Netsh prints two of them with values, also where none is set.

use certbind_core::{ExtendedProperties, PropertyType, PropertyValue};

use super::field::{Field, same_label};
use super::label_dictionary::{LabelDictionary, Recognition};
use super::layout::Line;
use super::line_reader::{RawLine, indent, is_number};
use crate::report::{ConversionWarning, WarningKind};

/// The label of a property's id, in every language that was seen.
const ID: &str = "PropertyId";

/// The values that netsh prints of the first properties, in the order of their ids.
pub(super) const VALUES: [&[Field]; 2] = [
    &[Field::ReceiveWindow],
    &[Field::MaxSettingsPerFrame, Field::MaxSettingsPerMinute],
];

/// What the sections of a record say.
#[derive(Default)]
pub(super) struct Sections {
    pub(super) lines: Vec<Line>,
    pub(super) warnings: Vec<ConversionWarning>,
    pub(super) properties: ExtendedProperties,
    pub(super) fields: Vec<Field>,
    /// The labels of these fields.
    pub(super) labels: Vec<(String, Recognition)>,
}

/// Whether a line is the title of an Extended Property: it has no value, and the next line that is
/// not blank has its id, or a number further right.
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
    let is_id = |line: &RawLine| line.parts().is_some_and(|parts| parts.label == ID);
    title.or_else(|| lines.iter().position(is_id))
}

/// Understands these lines.
pub(super) fn parse(lines: &[RawLine], known: &LabelDictionary) -> Sections {
    let mut sections = Sections::default();
    let mut without_value = Vec::new();
    let mut property: Option<usize> = None;
    let mut place = 0;
    let mut is_first = true;
    for line in lines {
        let value_line = line.parts().filter(|parts| !parts.value.is_empty());
        let Some(parts) = value_line else {
            is_first |= !line.is_empty();
            sections.lines.push(Line::text(&line.text));
            continue;
        };
        if std::mem::take(&mut is_first) || parts.label == ID {
            property = parts.value.parse().ok();
            place = 0;
            match property {
                None => {
                    let what = format!("Extended Property {:?} is not carried", parts.value);
                    let warning = ConversionWarning::new(WarningKind::Value, what).at(line.number);
                    sections.warnings.push(warning);
                }
                Some(id) if id >= VALUES.len() => without_value.push((line.number, parts.value)),
                Some(_) => {}
            }
            sections.lines.push(Line::text(&line.text));
            continue;
        }
        let fields = property.and_then(|id| VALUES.get(id));
        let by_place = fields.and_then(|fields| fields.get(place)).copied();
        let field = match (in_english(parts.label), known.field(parts.label)) {
            (Some(named), _) => {
                Some(named).filter(|named| fields.is_some_and(|fields| fields.contains(named)))
            }
            // In an earlier record the label stood elsewhere: one of both is not as the host printed it.
            (None, Some(other)) => by_place.filter(|field| *field == other),
            (None, None) => by_place,
        };
        place += 1;
        let number = parts.value.parse().ok().filter(|_| is_number(parts.value));
        match (field, number) {
            (Some(field), Some(number)) if !sections.fields.contains(&field) => {
                set(&mut sections.properties, field, number);
                sections.fields.push(field);
                let told = (parts.label.to_owned(), Recognition::ByPlace(field));
                sections.labels.push(told);
                sections.lines.push(Line {
                    field: Some(field),
                    after: parts.after.to_owned(),
                    ..Line::text(parts.before)
                });
            }
            _ => {
                let what = format!(
                    "Extended Properties: {:?} is {:?}; this is not carried",
                    parts.label, parts.value
                );
                let warning = ConversionWarning::new(WarningKind::Value, what).at(line.number);
                sections.warnings.push(warning);
                sections.lines.push(Line::text(&line.text));
            }
        }
    }
    if let (true, Some((line, _))) = (sections.warnings.is_empty(), without_value.first()) {
        let ids: Vec<_> = without_value.iter().map(|(_, id)| *id).collect();
        let what = format!(
            "Extended Properties {} are shown without a value; they are not carried",
            ids.join(", ")
        );
        sections
            .warnings
            .push(ConversionWarning::new(WarningKind::Default, what).at(*line));
    }
    sections
}

/// The field of these properties that English labels so.
fn in_english(label: &str) -> Option<Field> {
    let mut fields = VALUES.into_iter().flatten().copied();
    fields.find(|field| same_label(field.label(), label))
}

/// What a listing shows in a field of these properties.
pub(super) fn shown(properties: &ExtendedProperties, field: Field) -> Option<u32> {
    let of = if field == Field::ReceiveWindow {
        PropertyType::Http2Window
    } else {
        PropertyType::Http2SettingsLimits
    };
    let set = properties.get(of).map(|set| set.value.clone());
    match (field, set.or_else(|| of.default_value())?) {
        (Field::ReceiveWindow, PropertyValue::Http2Window { receive_window }) => {
            Some(receive_window)
        }
        (Field::MaxSettingsPerFrame, PropertyValue::Http2SettingsLimits { max_per_frame, .. }) => {
            Some(max_per_frame)
        }
        (
            Field::MaxSettingsPerMinute,
            PropertyValue::Http2SettingsLimits { max_per_minute, .. },
        ) => Some(max_per_minute),
        _ => None,
    }
}

/// Takes over what a line shows.
fn set(properties: &mut ExtendedProperties, field: Field, number: u32) {
    let value = match field {
        Field::ReceiveWindow => PropertyValue::Http2Window {
            receive_window: number,
        },
        Field::MaxSettingsPerFrame => PropertyValue::Http2SettingsLimits {
            max_per_frame: number,
            max_per_minute: shown(properties, Field::MaxSettingsPerMinute).unwrap_or(u32::MAX),
        },
        _ => PropertyValue::Http2SettingsLimits {
            max_per_frame: shown(properties, Field::MaxSettingsPerFrame).unwrap_or(u32::MAX),
            max_per_minute: number,
        },
    };
    *properties = properties.with(value.into());
}

//! The Extended Properties of a record: printed, but no part of it.
//!
//! Each begins with a title that stands further left, then `PropertyId`, which no language
//! translates, then the values in their order.

use super::layout::Line;
use super::line::{RawLine, indent, is_number};
use crate::report::{Loss, LossKind};

/// The label of a property's id, in every language that was seen.
const ID: &str = "PropertyId";

/// The properties whose values netsh prints: names, and the defaults that hosts show.
const PROPERTIES: &[&[(&str, &str)]] = &[
    &[("Receive Window", "1048576")],
    &[
        ("Max Settings Per Frame", "2796202"),
        ("Max Settings Per Minute", "4294967295"),
    ],
];

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

/// The layout of these lines with every value at its default, and what the lines tell that a
/// binding does not carry.
pub(super) fn parse(lines: &[RawLine]) -> (Vec<Line>, Vec<Loss>) {
    let mut laid_out = Vec::new();
    let mut losses = Vec::new();
    let mut at_default = Vec::new();
    let mut property: Option<usize> = None;
    let mut place = 0;
    let mut is_first = true;
    for line in lines {
        let value_line = line.parts().filter(|parts| !parts.value.is_empty());
        let Some(parts) = value_line else {
            is_first |= !line.is_empty();
            laid_out.push(Line::text(&line.text));
            continue;
        };
        if std::mem::take(&mut is_first) || parts.label == ID {
            property = parts.value.parse().ok();
            place = 0;
            if property.is_none() {
                let what = format!("Extended Property {:?} is not carried", parts.value);
                losses.push(Loss::new(LossKind::Value, what).at(line.number));
            } else {
                at_default.push((line.number, parts.value));
            }
            laid_out.push(Line::text(&line.text));
            continue;
        }
        let known = property
            .and_then(|id| PROPERTIES.get(id))
            .and_then(|values| values.get(place));
        place += 1;
        match known {
            Some((_, default)) if parts.value == *default => {
                laid_out.push(Line::text(&line.text));
            }
            Some((name, default)) if is_number(parts.value) => {
                let what = format!(
                    "Extended Properties: {name} is {}, not {default}; this is not carried",
                    parts.value
                );
                losses.push(Loss::new(LossKind::Value, what).at(line.number));
                let text = format!("{}{default}{}", parts.before, parts.after);
                laid_out.push(Line::text(&text));
            }
            _ => {
                let what = format!(
                    "Extended Properties: {:?} is {:?}; this is not carried",
                    parts.label, parts.value
                );
                losses.push(Loss::new(LossKind::Value, what).at(line.number));
                laid_out.push(Line::text(&line.text));
            }
        }
    }
    if let (true, Some((line, _))) = (losses.is_empty(), at_default.first()) {
        let ids: Vec<_> = at_default.iter().map(|(_, id)| *id).collect();
        let what = format!(
            "Extended Properties {} are at their defaults or without a value; they are not carried",
            ids.join(", ")
        );
        losses.push(Loss::new(LossKind::Default, what).at(*line));
    }
    (laid_out, losses)
}

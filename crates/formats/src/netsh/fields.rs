//! The fields of a record, taken from its lines one by one.

use certbind_core::{
    CertCheckMode, CtlIdentifier, ExtendedProperties, SslFlags, StoreName, TextError,
};

use super::field::{Field, NULL, Shape};
use super::label_dictionary::LabelDictionary;
use super::labels;
use super::layout::Line;
use super::line_reader::{Parts, RawLine, guid, is_hash, is_number, key_shape};
use super::locale;
use super::names::Text;
use super::recognition::Recognition;
use crate::report::{ConversionWarning, ParseError, WarningKind};
use crate::rule::{Rule, holds};

/// A value and the line it is on.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) line: u64,
    pub(super) value: &'a str,
}

/// The fields of a record as far as its lines have been read.
pub(super) struct Fields<'a> {
    pub(super) known: &'a LabelDictionary,
    ascii_only: bool,
    pub(super) seen: Vec<(Field, Found<'a>)>,
    pub(super) key_label: &'a str,
    pub(super) check_mode: CertCheckMode,
    pub(super) flags: SslFlags,
    pub(super) freshness: u32,
    pub(super) timeout: u32,
    pub(super) ctl_identifier: Option<CtlIdentifier>,
    pub(super) ctl_store_name: Option<StoreName>,
    pub(super) extended: ExtendedProperties,
    pub(super) blank: Vec<Field>,
    pub(super) warnings: Vec<ConversionWarning>,
    pub(super) lines: Vec<Line>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(known: &'a LabelDictionary, ascii_only: bool) -> Self {
        Self {
            known,
            ascii_only,
            seen: Vec::new(),
            key_label: "",
            check_mode: CertCheckMode::empty(),
            flags: SslFlags::empty(),
            freshness: 0,
            timeout: 0,
            ctl_identifier: None,
            ctl_store_name: None,
            extended: ExtendedProperties::default(),
            blank: Vec::new(),
            warnings: Vec::new(),
            lines: Vec::new(),
        }
    }

    pub(super) fn add(
        &mut self,
        line: &RawLine,
        parts: Parts<'a>,
        told: Recognition,
    ) -> Result<(), ParseError> {
        let found = Found {
            line: line.number,
            value: parts.value,
        };
        let Some(field) = told.field() else {
            return self.add_unknown(line, parts);
        };
        if let Some((_, earlier)) = self.seen.iter().find(|(seen, _)| *seen == field)
            && holds(Rule::LabelOnce)
        {
            let first = earlier.line;
            return Err(ParseError::at(
                found.line,
                format!("{:?} is on line {first} already", field.label()),
            ));
        }
        self.seen.push((field, found));
        let mut laid_out = Line {
            field: Some(field),
            after: parts.after.to_owned(),
            ..Line::text(parts.before)
        };
        match field.shape() {
            Shape::Key => self.key_label = parts.label,
            Shape::Hash | Shape::AppId => {}
            _ if found.value.is_empty() => {
                self.blank.push(field);
                if matches!(field, Field::CtlIdentifier | Field::CtlStoreName) {
                    laid_out.off = Some(String::new());
                }
            }
            Shape::Text => laid_out.off = self.text(field, found, told)?,
            Shape::Number => self.number(field, found, told)?,
            shape @ (Shape::Enabled | Shape::Set) => {
                let on = self.word(field, shape, found, told)?;
                *(if on {
                    &mut laid_out.on
                } else {
                    &mut laid_out.off
                }) = Some(found.value.to_owned());
            }
        }
        self.lines.push(laid_out);
        Ok(())
    }

    /// Reads a text. Returns how its absence is spelled, if it is absent and spelled unusually.
    fn text(
        &mut self,
        field: Field,
        found: Found<'_>,
        told: Recognition,
    ) -> Result<Option<String>, ParseError> {
        self.refuse_unknown_characters(field, found)?;
        match Text::of(found.value) {
            Text::Absent => {
                return Ok((found.value != NULL).then(|| found.value.to_owned()));
            }
            Text::AbsentAndMore => {
                let what =
                    "a name, or (null) and nothing after it; remove remarks from the listing";
                return Err(expected(field, found, what));
            }
            Text::Unusual(what) => {
                let what = format!(
                    "{}: the name contains {what}; check that it is only the name: {:?}",
                    field.label(),
                    shortened(found.value)
                );
                let warning = ConversionWarning::new(WarningKind::Unusual, what).at(found.line);
                self.warnings.push(warning);
            }
            Text::Name => {}
        }
        // A certificate store's name is between the application and the first word.
        self.report_position(field, found, told, field != Field::StoreName);
        let invalid = |error: TextError| ParseError::from_error(found.line, error);
        match field {
            Field::CtlIdentifier => {
                self.ctl_identifier = Some(CtlIdentifier::new(found.value).map_err(invalid)?);
            }
            Field::CtlStoreName => {
                self.ctl_store_name = Some(StoreName::new(found.value).map_err(invalid)?);
            }
            // The store name belongs to the certificate: `finish` reads it.
            _ => drop(StoreName::new(found.value).map_err(invalid)?),
        }
        Ok(None)
    }

    fn number(
        &mut self,
        field: Field,
        found: Found<'_>,
        told: Recognition,
    ) -> Result<(), ParseError> {
        let number = Some(found.value)
            .filter(|value| is_number(value))
            .and_then(|value| value.parse::<u32>().ok())
            .or_else(|| (!holds(Rule::WholeValue)).then_some(0))
            .ok_or_else(|| expected(field, found, "a number from 0 to 4294967295"))?;
        self.report_position(field, found, told, number != 0);
        if field == Field::Freshness {
            self.freshness = number;
        } else {
            self.timeout = number;
        }
        Ok(())
    }

    fn word(
        &mut self,
        field: Field,
        shape: Shape,
        found: Found<'_>,
        told: Recognition,
    ) -> Result<bool, ParseError> {
        let meaning = |shape| locale::meaning(self.known.locale.as_ref(), shape, found.value);
        let other = if shape == Shape::Set {
            Shape::Enabled
        } else {
            Shape::Set
        };
        // Where the label identifies the line, the other pair of words is accepted as well.
        let by_label = !matches!(told, Recognition::ByPosition(_));
        let on = meaning(shape).or_else(|| meaning(other).filter(|_| by_label));
        let default = || {
            let bit = field.bit().filter(|_| !holds(Rule::WholeValue))?;
            Some(bit.is_shown_on(CertCheckMode::empty(), SslFlags::empty()))
        };
        let Some(on) = on.or_else(default) else {
            let what = match shape {
                Shape::Set => "Set or Not Set, or the words for them in a known language",
                _ => "Enabled or Disabled, or the words for them in a known language",
            };
            return Err(if self.ascii_only && !found.value.is_ascii() {
                unknown_characters(field, found)
            } else {
                expected(field, found, what)
            });
        };
        if let Some(bit) = field.bit() {
            bit.take(on, &mut self.check_mode, &mut self.flags);
            let is_default = on == bit.is_shown_on(CertCheckMode::empty(), SslFlags::empty());
            self.report_position(field, found, told, !is_default);
        }
        Ok(on)
    }

    /// Reports a value that is identified by the position of its line alone, unless it is the
    /// default.
    fn report_position(&mut self, field: Field, found: Found<'_>, told: Recognition, is_set: bool) {
        if is_set && told.is_by_position() && holds(Rule::PositionIsReported) {
            let what = format!("read as {:?}, by its position", field.label());
            self.warnings
                .push(ConversionWarning::new(WarningKind::Inferred, what).at(found.line));
        }
    }

    /// A line of no known field: an option of a newer Windows, or one that cannot be identified in
    /// this language.
    fn add_unknown(&mut self, line: &RawLine, parts: Parts<'_>) -> Result<(), ParseError> {
        let words = self.known.locale.as_ref();
        let shape = [Shape::Set, Shape::Enabled]
            .into_iter()
            .find(|shape| locale::meaning(words, *shape, parts.value).is_some());
        let on = shape.and_then(|shape| locale::meaning(words, shape, parts.value));
        let label = parts.label;
        let mut text = line.text.clone();
        let (kind, what) = match on {
            Some(false) => (
                WarningKind::Default,
                format!("{label:?} is an unknown option; it is off"),
            ),
            _ if labels::key(self.key_label).is_none() => {
                let what = format!(
                    "expected a known label; {label:?} is {:?}, and its option cannot be \
                     identified in this language",
                    parts.value
                );
                return Err(ParseError::at(line.number, what));
            }
            _ => (
                WarningKind::Value,
                format!(
                    "{label:?} is an unknown option; its value {:?} is not converted",
                    parts.value
                ),
            ),
        };
        if on == Some(true)
            && let Some(off) =
                shape.and_then(|shape| locale::counterpart(words, shape, parts.value))
        {
            text = format!("{}{off}{}", parts.before, parts.after);
        }
        if holds(Rule::UnknownLabel) {
            self.warnings
                .push(ConversionWarning::new(kind, what).at(line.number));
        }
        self.lines.push(Line::text(&text));
        Ok(())
    }

    pub(super) fn find(&self, field: Field) -> Option<Found<'a>> {
        let seen = self.seen.iter().find(|(seen, _)| *seen == field);
        seen.map(|(_, found)| *found)
    }

    pub(super) fn refuse_unknown_characters(
        &self,
        field: Field,
        found: Found<'_>,
    ) -> Result<(), ParseError> {
        if self.ascii_only && !found.value.is_ascii() {
            return Err(unknown_characters(field, found));
        }
        Ok(())
    }
}

fn unknown_characters(field: Field, found: Found<'_>) -> ParseError {
    ParseError::at(
        found.line,
        format!(
            "{}: the value has characters of an unknown code page; name the encoding",
            field.label()
        ),
    )
}

pub(super) fn expected(field: Field, found: Found<'_>, what: &str) -> ParseError {
    let value = if found.value.is_empty() {
        "nothing".to_owned()
    } else {
        format!("{:?}", shortened(found.value))
    };
    let label = if field == Field::Key {
        "key"
    } else {
        field.label()
    };
    let hint = if has_remark(field, found.value) {
        "; text follows the value: remove remarks from the listing"
    } else {
        ""
    };
    ParseError::at(
        found.line,
        format!("{label}: expected {what}, found {value}{hint}"),
    )
}

/// Whether a value would be valid without the text after its first part.
fn has_remark(field: Field, value: &str) -> bool {
    let Some((first, _)) = value.split_once(char::is_whitespace) else {
        return false;
    };
    match field.shape() {
        Shape::Key => key_shape(first).is_some(),
        Shape::Hash => is_hash(first),
        Shape::AppId => guid(first).is_some(),
        Shape::Number => is_number(first),
        Shape::Text | Shape::Enabled | Shape::Set => false,
    }
}

/// Enough of a value to find it by.
fn shortened(value: &str) -> String {
    const MOST: usize = 80;
    let mut short: String = value.chars().take(MOST).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}

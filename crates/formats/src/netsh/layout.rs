//! How a host lays out its listings.

use std::collections::BTreeMap;

use certbind_core::{Binding, BindingKey, Kind};
use serde::{Deserialize, Serialize};

use super::address::key_text;
use super::field::{Field, Shape};
use super::language::Language;
use super::locale::Locale;
use super::property_fields;
use crate::encoding::Encoding;

/// How a host lays out the output of `netsh http show sslcert`: which lines, in which language,
/// with which spaces, in which encoding.
///
/// The reader infers the layout of the host that printed a listing, and printing with it reproduces
/// that listing byte for byte. To print from scratch, each known layout has a
/// [`Release`](super::Release) of Windows. A layout is data: it can be stored next to a store, as
/// JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub(super) encoding: Encoding,
    pub(super) newline: Newline,
    /// The lines before the first record: a prompt, the title, blank lines.
    pub(super) lead: Vec<String>,
    /// The lines between two records.
    pub(super) between: Vec<String>,
    /// The lines before the first record of a kind, where they differ.
    #[serde(default)]
    pub(super) titles: BTreeMap<Kind, Vec<String>>,
    /// The lines before single records, where they differ from both: commands between listings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) asides: BTreeMap<BindingKey, Vec<String>>,
    /// The lines after the last record. Lines are joined by the line end, so an empty one at the
    /// end means a line end there.
    pub(super) tail: Vec<String>,
    pub(super) records: BTreeMap<Kind, Vec<Line>>,
    pub(super) words: Locale,
    #[serde(default)]
    pub(super) hash_case: Case,
    #[serde(default)]
    pub(super) app_id_case: Case,
    /// The order in which the host listed its records, where that was not the canonical one.
    #[serde(default)]
    pub(super) order: Vec<BindingKey>,
    /// The language of a layout made of published texts: a word that none of them has cannot be
    /// printed.
    #[serde(skip)]
    pub(super) language: Language,
}

/// A line of a record: text, the value, text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    /// The field of the value; a line without one is `before` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<Field>,
    pub(super) before: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) after: String,
    /// The words for on and off, where they differ from the layout's. For a text, `off` is the
    /// spelling of its absence, where that is not `(null)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) on: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) off: Option<String>,
}

/// The line ends of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Newline {
    /// Carriage return and line feed, as Windows has it.
    #[default]
    Crlf,
    /// Line feed.
    Lf,
}

impl Newline {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Crlf => "\r\n",
            Self::Lf => "\n",
        }
    }
}

/// The case of hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Case {
    #[default]
    Lower,
    Upper,
}

impl Case {
    /// The case of the first letter.
    pub(super) fn of(hex: &str) -> Option<Self> {
        let letter = hex.bytes().find(u8::is_ascii_alphabetic)?;
        Some(match letter.is_ascii_uppercase() {
            true => Self::Upper,
            false => Self::Lower,
        })
    }

    pub(super) fn apply(self, mut text: String) -> String {
        if self == Self::Upper {
            text.make_ascii_uppercase();
        }
        text
    }
}

impl Layout {
    /// This layout in another encoding.
    #[must_use]
    pub fn with_encoding(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// This layout with other line ends.
    #[must_use]
    pub fn with_newline(self, newline: Newline) -> Self {
        Self { newline, ..self }
    }

    /// This layout without the text around the listing, such as a prompt.
    #[must_use]
    pub fn without_surroundings(mut self) -> Self {
        let is_rule = |line: &String| line.len() > 3 && line.trim().bytes().all(|b| b == b'-');
        if let Some(rule) = self.lead.iter().position(is_rule) {
            // The title is on the line above the rule, a blank line above that.
            self.lead.drain(..rule.saturating_sub(1));
            self.lead.insert(0, String::new());
        }
        self.tail = vec![String::new(), String::new()];
        self
    }

    /// The lines between `binding` and the one before it, of the kind `last`.
    pub(super) fn gap(&self, last: Option<Kind>, binding: &Binding) -> &[String] {
        let kind = binding.key().kind();
        let title = || self.titles.get(&kind).filter(|_| last != Some(kind));
        match last {
            None => &self.lead,
            Some(_) => self
                .asides
                .get(binding.key())
                .or_else(title)
                .unwrap_or(&self.between),
        }
    }

    /// How many lines there are between two records at most.
    pub(super) fn longest_gap(&self) -> usize {
        let others = self.titles.values().chain(self.asides.values());
        let gaps = others.chain([&self.lead, &self.between]);
        gaps.map(Vec::len).max().unwrap_or_default()
    }

    /// The lines that `binding` is shown in, without line ends; none where the host has no
    /// bindings of that kind.
    pub(super) fn record(&self, binding: &Binding) -> Option<impl Iterator<Item = String>> {
        let lines = self.records.get(&binding.key().kind())?;
        Some(lines.iter().map(|line| match line.field {
            None => line.before.clone(),
            Some(field) => {
                let value = self.value(line, field, binding);
                format!("{}{value}{}", line.before, line.after)
            }
        }))
    }

    /// Whether records of a kind print with these lines, words and cases.
    pub(super) fn prints(
        &self,
        kind: Kind,
        lines: &[Line],
        hash_case: Option<Case>,
        app_id_case: Option<Case>,
    ) -> bool {
        let own = self.records.get(&kind).map_or(&[][..], Vec::as_slice);
        let same = |(own, line): (&Line, &Line)| {
            let word = |own: &Option<String>, on: bool| match (own, line.field) {
                (Some(word), _) => word.clone(),
                (None, Some(field)) if field.bit().is_some() => {
                    self.words.word(field.shape(), on).to_owned()
                }
                (None, _) => super::field::NULL.to_owned(),
            };
            let is_text = line.field.is_some_and(|field| field.shape() == Shape::Text);
            let off = match (&line.off, is_text) {
                (None, true) => Some(super::field::NULL),
                (off, _) => off.as_deref(),
            };
            own.field == line.field
                && own.before == line.before
                && own.after == line.after
                && line.on.as_ref().is_none_or(|on| *on == word(&own.on, true))
                && off.is_none_or(|off| off == word(&own.off, false))
        };
        own.len() == lines.len()
            && own.iter().zip(lines).all(same)
            && hash_case.is_none_or(|case| case == self.hash_case)
            && app_id_case.is_none_or(|case| case == self.app_id_case)
    }

    /// Whether its records have fields for extended properties.
    pub(crate) fn shows_properties(&self) -> bool {
        let mut lines = self.records.values().flatten();
        lines.any(|line| {
            line.field.is_some_and(|field| {
                property_fields::VALUES
                    .iter()
                    .any(|fields| fields.contains(&field))
            })
        })
    }

    fn value(&self, line: &Line, field: Field, binding: &Binding) -> String {
        let record = binding.record();
        let certificate = record.certificate.as_ref();
        let absent = line.off.as_deref().unwrap_or(super::field::NULL);
        let text = |text: Option<&str>| text.unwrap_or(absent).to_owned();
        if let Some(bit) = field.bit() {
            let on = bit.is_shown_on(record.check_mode, record.flags);
            let own = if on { &line.on } else { &line.off };
            return match own {
                Some(word) => word.clone(),
                None => self.words.word(field.shape(), on).to_owned(),
            };
        }
        match field {
            Field::Key => key_text(binding),
            Field::Hash => certificate.map_or_else(
                || text(None),
                |certificate| self.hash_case.apply(certificate.hash.to_string()),
            ),
            Field::AppId => self
                .app_id_case
                .apply(format!("{{{}}}", record.app_id.hyphenated())),
            Field::StoreName => text(
                certificate
                    .and_then(|certificate| certificate.store_name.as_ref())
                    .map(certbind_core::StoreName::as_str),
            ),
            Field::Freshness => record.revocation_freshness_time.to_string(),
            Field::Timeout => record.url_retrieval_timeout.to_string(),
            Field::CtlIdentifier => text(
                record
                    .ctl_identifier
                    .as_ref()
                    .map(certbind_core::CtlIdentifier::as_str),
            ),
            Field::CtlStoreName => text(
                record
                    .ctl_store_name
                    .as_ref()
                    .map(certbind_core::StoreName::as_str),
            ),
            field => property_fields::shown(&record.extended, field)
                .map_or_else(String::new, |number| number.to_string()),
        }
    }
}

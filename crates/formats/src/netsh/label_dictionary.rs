//! Recognizing the lines of a record: by their labels, or all of them by their order.

use std::collections::HashMap;

use certbind_core::Kind;

use super::by_position;
use super::field::{Field, Shape};
use super::labels::{self, Languages, Meaning};
use super::language::Language;
use super::line_reader::{Entry, key_shape};
use super::locale::{Locale, meaning};
use super::named_language::NamedLanguage;
use super::recognition::{Recognition, Recognized, Unexpected};
use crate::rule::{Rule, holds};

/// The labels of a listing: those of the table, and those that its earlier records have taught.
#[derive(Debug, Default)]
pub(super) struct LabelDictionary {
    pub(super) locale: Option<Locale>,
    /// The language that all labels have to be known in.
    language: Option<Language>,
    keys: HashMap<String, Kind>,
    /// Learned from records whose lines have exactly the order of a release.
    fields: HashMap<String, Recognition>,
}

/// More labels than any language has; those of a hostile listing are not kept beyond it.
const MOST_LABELS: usize = 256;

impl LabelDictionary {
    pub(super) fn new(named: NamedLanguage) -> Self {
        Self {
            locale: named.words,
            language: named.language,
            ..Self::default()
        }
    }

    /// The kinds of key that a label may mean.
    pub(super) fn key(&self, label: &str) -> Option<&[Kind]> {
        labels::key(label).or_else(|| self.keys.get(label).map(std::slice::from_ref))
    }

    /// The field that a label means.
    pub(super) fn field(&self, label: &str) -> Option<Field> {
        labels::field(label).or_else(|| self.fields.get(label)?.field())
    }

    /// Learns the labels of a record that was interpreted by the order of its lines.
    pub(super) fn learn(&mut self, kind: Kind, labels: &[(&str, Recognition)]) {
        for (label, recognition) in labels {
            let is_full = self.fields.len() + self.keys.len() >= MOST_LABELS;
            if is_full || self.key(label).is_some() || self.field(label).is_some() {
                continue;
            }
            match recognition {
                Recognition::ByPosition(Field::Key) => {
                    self.keys.insert((*label).to_owned(), kind);
                }
                Recognition::ByPosition(_) => {
                    self.fields.insert((*label).to_owned(), *recognition);
                }
                Recognition::ByLabel(_) | Recognition::Learned(_) | Recognition::Unknown => {}
            }
        }
    }

    /// Recognizes the lines of a record up to its Extended Properties, of which there are `sections`.
    ///
    /// A line is identified by its label if that is in the table. If only the key's label is in
    /// English, and no earlier record has taught labels, the lines are identified by their order,
    /// which then must be exactly that of a known release.
    pub(super) fn recognize(
        &self,
        entries: &[Entry<'_>],
        sections: usize,
    ) -> Result<Recognized, Unexpected> {
        refuse_repeated_labels(entries)?;
        let mut languages = self.language.map_or(Languages::ALL, Languages::one);
        let mut is_english = false;
        let mut is_learned = false;
        let mut lines = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let Some(label) = labels::find(entry.label) else {
                if let Some(language) = self.language.filter(|named| *named != Language::English) {
                    return Err(Unexpected::at(at, expected_in(language)));
                }
                let learned = self.learned(entry.label);
                is_learned |= learned.is_some_and(|found| found.field() != Some(Field::Key));
                lines.push(learned);
                continue;
            };
            // Certbind labels the keys of kinds that a host did not show in English.
            if matches!(label.meaning, Meaning::Field(_)) {
                languages = languages.and(label.languages);
            }
            if languages.is_empty() && holds(Rule::OneLanguage) {
                let expected = match self.language {
                    Some(language) => expected_in(language),
                    None => "a label in the language of the lines above it",
                };
                return Err(Unexpected::at(at, expected));
            }
            lines.push(Some(match label.meaning {
                Meaning::Key(_) => Recognition::ByLabel(Field::Key),
                Meaning::Field(field) if field.is_extended() => Recognition::Unknown,
                Meaning::Field(field) => {
                    is_english |= label.languages == Languages::ENGLISH;
                    Recognition::ByLabel(field)
                }
            }));
        }
        if is_learned && is_english {
            return Err(Unexpected::at(0, "labels in one language"));
        }
        if !holds(Rule::LabelBeforePosition) {
            lines.fill(None);
            (is_english, is_learned) = (false, false);
        }
        if is_learned {
            if holds(Rule::LearnedLabels) {
                refuse_other_order(&lines)?;
                self.refuse_new_labels(entries, &lines)?;
            }
            // Kinds of key have labels of their own.
            if let (Some(first @ None), Some(key)) = (lines.first_mut(), entries.first())
                && key_shape(key.value).is_some()
            {
                *first = Some(Recognition::ByPosition(Field::Key));
            }
        }
        if is_english || is_learned || lines.iter().all(Option::is_some) {
            let known = |line: Option<Recognition>| line.unwrap_or(Recognition::Unknown);
            return Ok(Recognized {
                lines: lines.into_iter().map(known).collect(),
                order_of: None,
            });
        }
        if !self.fields.is_empty() && holds(Rule::LearnedLabels) {
            return Err(Unexpected {
                is_contradiction: true,
                ..Unexpected::at(0, "the labels of the earlier records")
            });
        }
        by_position::recognize(entries, &lines, sections, self.locale.as_ref())
    }

    /// The first record of a language had all lines of its release: a label that occurs with a word
    /// in a later one shows that a line was missing, or that this line is damaged.
    fn refuse_new_labels(
        &self,
        entries: &[Entry<'_>],
        lines: &[Option<Recognition>],
    ) -> Result<(), Unexpected> {
        let is_word = |value| {
            let shapes = [Shape::Enabled, Shape::Set];
            let mut shapes = shapes.into_iter();
            shapes.any(|shape| meaning(self.locale.as_ref(), shape, value).is_some())
        };
        let mut both = entries.iter().zip(lines).skip(1);
        let new = both.position(|(entry, line)| line.is_none() && is_word(entry.value));
        match new {
            Some(at) => Err(Unexpected {
                is_contradiction: true,
                ..Unexpected::at(at + 1, "the labels of the earlier records")
            }),
            None => Ok(()),
        }
    }

    fn learned(&self, label: &str) -> Option<Recognition> {
        if self.keys.contains_key(label) {
            return Some(Recognition::ByLabel(Field::Key));
        }
        match *self.fields.get(label)? {
            Recognition::ByPosition(field) if field.is_extended() => Some(Recognition::Unknown),
            Recognition::ByPosition(field) => Some(Recognition::Learned(field)),
            other => Some(other),
        }
    }
}

/// The expectation of a label in a named language.
fn expected_in(language: Language) -> &'static str {
    match language {
        Language::English => "a label in English",
        Language::German => "a label that published output of netsh in German has",
        Language::French => "a label that published output of netsh in French has",
        Language::SimplifiedChinese => {
            "a label that published output of netsh in simplified Chinese has"
        }
    }
}

/// A label occurs once in a record, in any language.
fn refuse_repeated_labels(entries: &[Entry<'_>]) -> Result<(), Unexpected> {
    for (at, entry) in entries.iter().enumerate() {
        let mut earlier = entries[..at].iter();
        if labels::find(entry.label).is_none()
            && earlier.any(|other| other.label == entry.label)
            && holds(Rule::LabelOnce)
        {
            return Err(Unexpected::at(at, "each label once in a record"));
        }
    }
    Ok(())
}

/// Labels that were learned from the order of lines have to keep that order: otherwise this record
/// or the one that taught them is damaged.
fn refuse_other_order(lines: &[Option<Recognition>]) -> Result<(), Unexpected> {
    let mut last = None;
    for (at, line) in lines.iter().enumerate() {
        let Some(field) = line.and_then(Recognition::field) else {
            continue;
        };
        if last.is_some_and(|last| last > field) {
            return Err(Unexpected {
                is_contradiction: true,
                ..Unexpected::at(at, "the lines in the order of the earlier records")
            });
        }
        last = Some(field);
    }
    Ok(())
}

//! Labels that are known, and telling by place the lines whose labels are not.

use std::collections::HashMap;

use certbind_core::Kind;

use super::field::{CHECKS, Field, OPTIONS, Shape, key_label};
use super::line_reader::{guid, is_number};
use super::locale::{Locale, is_word};

/// What is known about the labels of a listing: the English ones, and those that its earlier
/// records have taught.
#[derive(Debug, Default)]
pub(super) struct LabelDictionary {
    pub(super) words: Option<Locale>,
    keys: HashMap<String, Kind>,
    /// What a label stands for; learnt from lines that were told by their place.
    fields: HashMap<String, Recognition>,
}

/// More labels than any language has; those of a hostile listing are not kept beyond it.
const MOST_LABELS: usize = 256;

/// A line of a record that is to be told: its label and value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) label: &'a str,
    pub(super) value: &'a str,
}

/// What a line of a record was told to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recognition {
    /// By its label.
    ByLabel(Field),
    /// By its place among the others, which the languages have in common.
    ByPlace(Field),
    /// By its place, and another version might have another line there.
    Unsure(Field),
    /// By its place, though the labels of the others are known and this one is not.
    Inferred(Field),
    /// An option that this version does not know.
    Unknown,
}

/// The line at which a record is not as expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unexpected {
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

impl LabelDictionary {
    pub(super) fn new(words: Option<Locale>) -> Self {
        Self {
            words,
            ..Self::default()
        }
    }

    /// The kinds of key that a label is known to stand for.
    pub(super) fn key(&self, label: &str) -> Option<&[Kind]> {
        key_label(label).or_else(|| self.keys.get(label).map(std::slice::from_ref))
    }

    /// The field that a label is known to stand for.
    pub(super) fn field(&self, label: &str) -> Option<Field> {
        self.told(label).and_then(Recognition::field)
    }

    fn told(&self, label: &str) -> Option<Recognition> {
        let learnt = || match self.fields.get(label)? {
            Recognition::Unsure(field) => Some(Recognition::Unsure(*field)),
            told => told.field().map(Recognition::ByLabel),
        };
        Field::labelled(label)
            .map(Recognition::ByLabel)
            .or_else(learnt)
    }

    /// Learns the labels of a record that was understood.
    pub(super) fn learn(&mut self, kind: Kind, labels: &[(&str, Recognition)]) {
        for (label, told) in labels {
            let is_full = self.fields.len() + self.keys.len() >= MOST_LABELS;
            if is_full
                || !told.teaches()
                || self.key(label).is_some()
                || self.field(label).is_some()
            {
                continue;
            }
            if *told == Recognition::ByPlace(Field::Key) {
                self.keys.insert((*label).to_owned(), kind);
            } else {
                self.fields.insert((*label).to_owned(), *told);
            }
        }
    }

    /// Tells the lines of a record, up to its Extended Properties.
    pub(super) fn tell(&self, entries: &[Entry<'_>]) -> Result<Vec<Recognition>, Unexpected> {
        let named: Vec<_> = entries
            .iter()
            .map(|entry| match self.key(entry.label) {
                Some(_) => Some(Recognition::ByLabel(Field::Key)),
                None => self.told(entry.label),
            })
            .collect();
        if named.iter().all(Option::is_some) {
            return Ok(named.into_iter().flatten().collect());
        }
        let by_place = self.by_place(entries, &named);
        let agrees = |placed: &[Recognition]| {
            named.iter().zip(placed).all(|(named, placed)| {
                named.is_none_or(|named| {
                    placed
                        .field()
                        .is_none_or(|placed| named.field() == Some(placed))
                })
            })
        };
        // The labels that are known show the language; a strange one among them is of an option
        // that this version does not know, or has been damaged.
        let most = |count: usize| count * 2 > entries.len().max(8);
        let is_labelled = most(named.iter().flatten().count());
        let labels = entries.iter().map(|entry| entry.label);
        let is_english = most(
            labels
                .filter(|label| Field::labelled(label).is_some())
                .count(),
        );
        let place = |placed: Recognition| match placed {
            Recognition::ByPlace(field) if is_english => Recognition::Inferred(field),
            Recognition::ByPlace(field) if is_labelled && field != Field::Key => {
                Recognition::Inferred(field)
            }
            Recognition::Unsure(_) if is_english => Recognition::Unknown,
            placed => placed,
        };
        match by_place {
            Ok(placed) if agrees(&placed) => Ok(named
                .iter()
                .zip(placed)
                .map(|(named, placed)| named.unwrap_or_else(|| place(placed)))
                .collect()),
            _ if is_labelled => Ok(named
                .iter()
                .map(|named| named.unwrap_or(Recognition::Unknown))
                .collect()),
            Ok(placed) => Err(Unexpected {
                at: named
                    .iter()
                    .zip(&placed)
                    .position(|(named, placed)| {
                        named.is_some_and(|named| placed.field() != named.field())
                    })
                    .unwrap_or_default(),
                expected: "another line here, going by the other records' labels",
            }),
            Err(unexpected) => Err(unexpected),
        }
    }

    /// Tells the lines by their order and the shapes of their values. A value that was trimmed has
    /// no shape: there the label, where it is known, tells which lines are checks and numbers.
    fn by_place(
        &self,
        entries: &[Entry<'_>],
        named: &[Option<Recognition>],
    ) -> Result<Vec<Recognition>, Unexpected> {
        let mut told = vec![Recognition::ByPlace(Field::Key)];
        let place = |told: &mut Vec<Recognition>, field| told.push(Recognition::ByPlace(field));
        let value = |at: usize| entries.get(at).map(|entry| entry.value);
        let has_hash = value(1).is_some_and(|value| guid(value).is_none());
        if has_hash {
            place(&mut told, Field::Hash);
        }
        match value(told.len()) {
            Some(value) if guid(value).is_some() => place(&mut told, Field::AppId),
            found => {
                return Err(Unexpected {
                    at: told.len() - usize::from(found.is_none()),
                    expected: "an application id, a GUID in braces",
                });
            }
        }
        // A record of the central certificate store that shows no hash may show no store either.
        let trimmed = |at: usize| {
            let is_blank = value(at).is_some_and(str::is_empty);
            named
                .get(at)
                .filter(|_| is_blank)?
                .and_then(Recognition::field)
        };
        let is_check = value(told.len()).is_some_and(|value| is_word(self.words.as_ref(), value))
            || trimmed(told.len()).is_some_and(|field| field.shape() == Shape::Enabled);
        if has_hash || !is_check {
            self.text(entries, &mut told, Field::StoreName)?;
        }

        let start = told.len();
        let is_number = |at: usize| {
            value(at).is_some_and(is_number)
                || trimmed(at).is_some_and(|field| field.shape() == Shape::Number)
        };
        let checks = (start..entries.len())
            .take_while(|at| !is_number(*at))
            .count();
        if start + checks < entries.len() {
            let order = CHECKS.iter().find(|order| order.len() == checks);
            let order = order.ok_or(Unexpected {
                at: start + checks,
                expected: "three lines of enabled or disabled (six since Windows Server 2025) \
                           between the store name and the first number",
            })?;
            order.iter().for_each(|field| place(&mut told, *field));
        } else if checks <= 2 {
            let order = CHECKS[0].iter().take(checks);
            order.for_each(|field| place(&mut told, *field));
            return Ok(told);
        } else {
            return Err(Unexpected {
                at: start + 2,
                expected: "the line's label in English, or the number lines behind it, to tell \
                           which check this is",
            });
        }
        for field in [Field::Freshness, Field::Timeout] {
            let at = told.len();
            if at == entries.len() {
                return Ok(told);
            }
            if !is_number(at) {
                return Err(Unexpected {
                    at,
                    expected: "a number",
                });
            }
            place(&mut told, field);
        }
        self.text(entries, &mut told, Field::CtlIdentifier)?;
        self.text(entries, &mut told, Field::CtlStoreName)?;
        for field in [Field::DsMapper, Field::Negotiate] {
            if told.len() < entries.len() {
                place(&mut told, field);
            }
        }
        told.extend(options(&entries[told.len().min(entries.len())..]));
        Ok(told)
    }

    /// A line of text, unless it holds a word: then a line in front of it is missing.
    fn text(
        &self,
        entries: &[Entry<'_>],
        told: &mut Vec<Recognition>,
        field: Field,
    ) -> Result<(), Unexpected> {
        match entries.get(told.len()) {
            Some(entry) if is_word(self.words.as_ref(), entry.value) => Err(Unexpected {
                at: told.len(),
                expected: "a name or (null)",
            }),
            Some(_) => {
                told.push(Recognition::ByPlace(field));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Recognition {
    /// The field, unless the line is unknown.
    pub(super) fn field(self) -> Option<Field> {
        match self {
            Self::ByLabel(field)
            | Self::ByPlace(field)
            | Self::Unsure(field)
            | Self::Inferred(field) => Some(field),
            Self::Unknown => None,
        }
    }

    /// Whether its label is worth knowing in the next records.
    pub(super) fn teaches(self) -> bool {
        matches!(self, Self::ByPlace(_) | Self::Unsure(_))
    }
}

/// Tells the lines behind the basic ones: versions differ in them, and no shape tells them apart.
/// What every version with this many lines has at a place, and what names that are not translated
/// allow there, is told.
fn options(entries: &[Entry<'_>]) -> Vec<Recognition> {
    let anchors: Vec<_> = entries
        .iter()
        .map(|entry| Field::anchored(entry.label))
        .collect();
    let fits = |order: &&&[Field]| {
        let anchored = |(field, anchor): (&Field, &Option<Field>)| {
            anchor.is_none_or(|anchor| anchor == *field)
        };
        order.len() == entries.len() && order.iter().zip(&anchors).all(anchored)
    };
    let orders: Vec<_> = OPTIONS.iter().filter(fits).collect();
    (0..entries.len())
        .map(|at| {
            let mut fields = orders.iter().map(|order| order[at]);
            match (anchors[at], fields.next()) {
                (Some(field), _) => Recognition::ByPlace(field),
                (None, Some(field)) if fields.all(|other| other == field) => {
                    if field == Field::Reject {
                        Recognition::ByPlace(field)
                    } else {
                        Recognition::Unsure(field)
                    }
                }
                _ => Recognition::Unknown,
            }
        })
        .collect()
}

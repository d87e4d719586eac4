//! The labels of lines, in every language in which they are known.

use std::collections::HashMap;
use std::sync::LazyLock;

use certbind_core::Kind;

use super::evidence::{TEXTS, Text};
use super::field::Field;
use super::language::Language;

/// A label of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) meaning: Meaning,
    pub(super) languages: Languages,
    /// Whether netsh prints a second colon after it in some language.
    pub(super) has_second_colon: bool,
}

/// The meaning of a label.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// The key. The most likely kind comes first: a host name's record without a certificate
    /// belongs to the central store.
    Key(&'static [Kind]),
    Field(Field),
}

/// A set of languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Languages(u8);

impl Languages {
    pub(super) const ALL: Self = Self(u8::MAX);
    /// English: every label is in the table.
    pub(super) const ENGLISH: Self = Self(1);

    pub(super) fn one(language: Language) -> Self {
        Self(1 << language as u8)
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The label of the table that a line has: case and the width of spaces are ignored.
pub(super) fn find(label: &str) -> Option<&'static Label> {
    const LONGEST: usize = 128;
    if label.len() > LONGEST {
        return None;
    }
    TABLE.get(normalized(label).as_str())
}

/// The kinds of key that a label may mean.
pub(super) fn key(label: &str) -> Option<&'static [Kind]> {
    match find(label)?.meaning {
        Meaning::Key(kinds) => Some(kinds),
        Meaning::Field(_) => None,
    }
}

/// The field that a label means, other than the key.
pub(super) fn field(label: &str) -> Option<Field> {
    match find(label)?.meaning {
        Meaning::Field(field) => Some(field),
        Meaning::Key(_) => None,
    }
}

/// Whether a known label of a field occurs among other text, hidden by noise.
pub(super) fn is_hidden(label: &str) -> bool {
    let text = normalized(label);
    let fields = Field::ALL.into_iter().skip(1).chain(Field::EXTENDED);
    find(label).is_none()
        && fields
            .into_iter()
            .any(|field| text.contains(&normalized(field.label())))
}

/// A label in lower case, with single spaces.
pub(super) fn normalized(label: &str) -> String {
    // As netsh prints nearly all of them.
    let is_spaced = |pair: &[u8]| pair[0] == b' ' && pair[1] == b' ';
    let bytes = label.as_bytes();
    if bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) && !bytes.windows(2).any(is_spaced) {
        return label.trim_matches(' ').to_ascii_lowercase();
    }
    let mut normalized = String::with_capacity(label.len());
    for word in label.split_whitespace() {
        if !normalized.is_empty() {
            normalized.push(' ');
        }
        normalized.extend(word.chars().flat_map(char::to_lowercase));
    }
    normalized
}

static TABLE: LazyLock<HashMap<String, Label>> = LazyLock::new(|| {
    let mut table: HashMap<String, Label> = HashMap::new();
    let mut add = |label: &str, gap: &str, meaning, language| {
        let entry = table.entry(normalized(label)).or_insert(Label {
            meaning,
            languages: Languages(0),
            has_second_colon: false,
        });
        entry.languages = entry.languages.or(Languages::one(language));
        entry.has_second_colon |= gap.matches(':').count() > 1;
    };
    for (label, kinds) in KEYS {
        add(label, "", Meaning::Key(kinds), Language::English);
    }
    for field in Field::ALL.into_iter().skip(1).chain(Field::EXTENDED) {
        add(field.label(), "", Meaning::Field(field), Language::English);
    }
    for known in TEXTS {
        let meaning = match known.text {
            Text::Key(kind) => Meaning::Key(kinds(kind)),
            Text::Field(field) => Meaning::Field(field),
            _ => continue,
        };
        add(known.spelling, known.gap, meaning, known.language);
    }
    table
});

/// The English labels of keys; those of fields are in [`Field::label`].
const KEYS: [(&str, &[Kind]); 8] = [
    ("IP:port", &[Kind::IpPort]),
    ("Hostname:port", &[Kind::Sni, Kind::ScopedCcs]),
    ("Central Certificate Store", &[Kind::Ccs]),
    ("CCS:port", &[Kind::Ccs]),
    ("CCS", &[Kind::Ccs]),
    ("Scoped CCS:port", &[Kind::ScopedCcs]),
    ("Scoped Central Certificate Store", &[Kind::ScopedCcs]),
    ("Scoped CCS", &[Kind::ScopedCcs]),
];

/// The kinds of key that a label of one may mean.
fn kinds(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::IpPort => &[Kind::IpPort],
        Kind::Sni => &[Kind::Sni, Kind::ScopedCcs],
        Kind::Ccs => &[Kind::Ccs],
        Kind::ScopedCcs => &[Kind::ScopedCcs],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page that explains how a listing is read has every English label, and no other.
    #[test]
    fn documented_labels_are_those_of_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/formats/netsh.md");
        let page = std::fs::read_to_string(path).unwrap();
        let start = page.find("| line | English label | value |").unwrap();
        let (_, page) = page.split_at(start);
        let (table, _) = page.split_once("\n\n").unwrap();
        let quoted = |text: &str| -> Vec<String> {
            let parts = text.split('`').skip(1).step_by(2);
            parts.map(normalized).collect()
        };
        let rows = table.lines().filter_map(|row| row.split('|').nth(2));
        let documented: Vec<_> = rows.flat_map(quoted).collect();
        for (label, entry) in TABLE.iter() {
            let is_english = !entry.languages.and(Languages::ENGLISH).is_empty();
            assert_eq!(documented.contains(label), is_english, "{label}");
        }
        for label in documented {
            assert!(find(&label).is_some(), "{label} is not in the table");
        }
    }
}

//! The lines that the records of a listing have: a host prints its records alike, so that a line that
//! one record has and another lacks was lost.

use certbind_core::Kind;

use super::field::Field;
use super::labels;
use super::line_reader::RawLine;

/// A set of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldSet(u32);

/// The fields that any record of a listing has a line for, by the kind of its key. Records that cannot
/// be read count too.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ShownFields {
    of_kind: [FieldSet; Kind::ALL.len()],
    of_any: FieldSet,
}

impl FieldSet {
    pub(super) fn add(&mut self, field: Field) {
        self.0 |= 1 << field as u32;
    }

    pub(super) fn has(self, field: Field) -> bool {
        self.0 & 1 << field as u32 != 0
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        let mut set = Self::default();
        fields.into_iter().for_each(|field| set.add(field));
        set
    }
}

impl ShownFields {
    /// Takes in the fields of a record.
    pub(super) fn add(&mut self, kind: Kind, fields: FieldSet) {
        let of_kind = &mut self.of_kind[kind as usize];
        *of_kind = of_kind.or(fields);
        self.of_any = self.of_any.or(fields);
    }

    /// Takes in the lines of a record that cannot be read, as far as their labels are known.
    pub(super) fn add_broken(&mut self, lines: &[RawLine]) {
        let parts = lines.iter().filter_map(RawLine::parts);
        let fields = parts.filter_map(|parts| labels::field(parts.label));
        self.of_any = self.of_any.or(fields.collect());
    }

    /// The fields that a record of this kind lacks and other records have. Of other kinds, whose records
    /// may have a certificate where this one has none, that is every line but those of a certificate.
    pub(super) fn missing(&self, kind: Kind, fields: FieldSet) -> impl Iterator<Item = Field> {
        let of_kind = self.of_kind[kind as usize];
        let of_any = self.of_any;
        let all = Field::ALL.into_iter().chain(Field::EXTENDED);
        all.filter(move |field| {
            let is_shared = !matches!(field, Field::Key | Field::Hash | Field::StoreName);
            let is_shown = of_kind.has(*field) || is_shared && of_any.has(*field);
            is_shown && !fields.has(*field)
        })
    }
}

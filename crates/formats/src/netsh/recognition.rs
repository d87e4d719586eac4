//! How the lines of a record were recognized.

use super::field::Field;

/// How the line of a record was recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recognition {
    /// By a label of the table.
    ByLabel(Field),
    /// By its position alone.
    ByPosition(Field),
    /// By a label that an earlier record has taught by its position.
    Learned(Field),
    /// An option that this version of certbind does not know.
    Unknown,
}

/// The lines of a record, and how they were recognized.
#[derive(Debug)]
pub(super) struct Recognized {
    pub(super) lines: Vec<Recognition>,
    /// The release whose order of lines distinguished them, where no label did.
    pub(super) order_of: Option<&'static str>,
}

/// The line at which a record is not as expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unexpected {
    pub(super) at: usize,
    pub(super) expected: &'static str,
    /// Whether earlier records of the listing are in doubt as well.
    pub(super) is_contradiction: bool,
}

impl Unexpected {
    pub(super) fn at(at: usize, expected: &'static str) -> Self {
        Self {
            at,
            expected,
            is_contradiction: false,
        }
    }
}

impl Recognition {
    /// The field, unless the line is unknown.
    pub(super) fn field(self) -> Option<Field> {
        match self {
            Self::ByLabel(field) | Self::ByPosition(field) | Self::Learned(field) => Some(field),
            Self::Unknown => None,
        }
    }

    /// Whether the field was identified by a position alone, here or in an earlier record. Names
    /// that no language translates are better evidence.
    pub(super) fn is_by_position(self) -> bool {
        match self {
            Self::ByPosition(field) | Self::Learned(field) => field.untranslated().is_none(),
            Self::ByLabel(_) | Self::Unknown => false,
        }
    }

    /// Whether its label should be learned for the next records.
    pub(super) fn teaches(self) -> bool {
        matches!(self, Self::ByPosition(_))
    }
}

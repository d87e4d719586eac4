//! What a reader or writer has to say about an export, beside the bindings.

use std::fmt;

use store_core::BindingKey;

/// Something in an export that the bindings do not carry, or in the bindings that a form does not
/// show. The rest stands; nothing is left out without one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// What kind of loss it is.
    pub kind: LossKind,
    /// The line of the export, counted from 1, where it is about one.
    pub line: Option<u64>,
    /// The binding, where it is about one.
    pub key: Option<BindingKey>,
    /// What it is, in a sentence without the line and the key.
    pub what: String,
}

/// The kinds of loss, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LossKind {
    /// A setting that is not at its default is not carried.
    Value,
    /// A line that the host prints is missing; the setting was taken to be at its default.
    Trimmed,
    /// A label that is not known; the line was understood by its place.
    Inferred,
    /// A setting at its default is not carried.
    Default,
    /// A line that belongs to no record was passed over.
    Skipped,
    /// Spelling or spacing is not kept: this will not print back byte for byte.
    Form,
}

impl LossKind {
    /// Whether bindings that are made from the export may act differently from those that it was
    /// made from.
    #[must_use]
    pub fn is_grave(self) -> bool {
        matches!(self, Self::Value | Self::Trimmed)
    }
}

impl Loss {
    pub(crate) fn new(kind: LossKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            line: None,
            key: None,
            what: what.into(),
        }
    }

    pub(crate) fn at(self, line: u64) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }

    pub(crate) fn of(self, key: &BindingKey) -> Self {
        Self {
            key: Some(key.clone()),
            ..self
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// A record of an export that cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The column, counted from 1, where the form has columns.
    pub column: Option<u64>,
    /// Which record: its key as it is written there, or its index.
    pub record: Option<String>,
    /// What was found, and what was expected.
    pub what: String,
}

impl Problem {
    pub(crate) fn at(line: u64, what: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            column: None,
            record: None,
            what: what.into(),
        }
    }

    pub(crate) fn of(self, record: impl Into<String>) -> Self {
        Self {
            record: Some(record.into()),
            ..self
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            f.write_str(": ")?;
        }
        if let Some(record) = &self.record {
            write!(f, "{record}: ")?;
        }
        f.write_str(&self.what)
    }
}

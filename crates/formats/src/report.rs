//! The reports of a reader or writer about an export, in addition to its bindings.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use certbind_core::{BindingKey, BoxError};

use crate::registry::RegistryLocation;

/// A part of an export that the bindings cannot represent, or a part of the bindings that a format
/// cannot represent. The rest is converted; each omission is reported by one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConversionWarning {
    /// The kind of the warning.
    pub kind: WarningKind,
    /// The line of the export, counted from 1, if the warning is about one.
    pub line: Option<u64>,
    /// The binding, if the warning is about one.
    pub key: Option<BindingKey>,
    /// The registry key, from HTTP.sys's `Parameters` or in full, where the format is one of the
    /// registry's.
    pub path: Option<String>,
    /// The registry key with its complete path, and its place in a hive.
    pub registry: Option<Box<RegistryLocation>>,
    /// The message: a sentence without the line, the binding and the registry key.
    pub what: String,
}

/// The kinds of warning, the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WarningKind {
    /// The host had logged changes that the file does not have; the file does not contain which.
    Pending,
    /// A setting that is not at its default is not carried.
    Value,
    /// A line that the host prints is missing; the setting was taken to be at its default.
    Trimmed,
    /// A setting of the host other than its bindings, which changes their effect; it is not
    /// converted.
    HostSetting,
    /// A registry key that looks like a binding but is none.
    Leftover,
    /// An unknown label; the line was identified by its position.
    Inferred,
    /// A name contains text that looks like a remark or markup.
    Unusual,
    /// A setting at its default is not carried.
    Default,
    /// A line that belongs to no record was ignored.
    Skipped,
    /// Spelling or spacing is not kept: the listing will not be reproduced byte for byte.
    Spelling,
}

impl WarningKind {
    /// Whether bindings that are made from the export may act differently from those that it was
    /// made from.
    #[must_use]
    pub fn changes_behaviour(self) -> bool {
        matches!(self, Self::Pending | Self::Value | Self::Trimmed)
    }
}

impl ConversionWarning {
    pub(crate) fn new(kind: WarningKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            line: None,
            key: None,
            path: None,
            registry: None,
            what: what.into(),
        }
    }

    /// The position among the warnings of an export that has lines.
    #[must_use]
    pub fn place(&self) -> Option<(u64, WarningKind)> {
        self.line.map(|line| (line, self.kind))
    }

    pub(crate) fn in_key(self, path: impl Into<String>) -> Self {
        self.in_location(RegistryLocation::new(path))
    }

    pub(crate) fn in_location(self, key: RegistryLocation) -> Self {
        Self {
            path: Some(key.path.clone()),
            registry: Some(Box::new(key)),
            ..self
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

impl fmt::Display for ConversionWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match (&self.path, &self.key) {
            (Some(path), _) => write!(f, "{path}: ")?,
            (None, Some(key)) => write!(f, "{key}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.what)
    }
}

/// A record of an export that cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The column, counted from 1, where the format has columns.
    pub column: Option<u64>,
    /// The record: its key as in the export, its registry key, or its index.
    pub record: Option<String>,
    /// The registry key with its complete path, and its place in a hive.
    pub registry: Option<Box<RegistryLocation>>,
    /// The value that was found, and the expected one.
    pub what: String,
    pub(crate) cause: Option<ErrorCause>,
    /// The number of errors that it counts, if it is not an error of its own.
    pub(crate) counted: Option<NonZeroU64>,
}

/// The error that a record was refused for. Two are equal if their messages are.
#[derive(Clone, Debug)]
pub(crate) struct ErrorCause(Arc<dyn Error + Send + Sync>);

impl PartialEq for ErrorCause {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for ErrorCause {}

impl ParseError {
    /// The number of errors that this one is for.
    pub(crate) fn count(&self) -> u64 {
        self.counted.map_or(1, NonZeroU64::get)
    }

    /// An error about a record that was read from a binding store.
    pub fn of_record(record: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            record: Some(record.into()),
            registry: None,
            what: what.into(),
            cause: None,
            counted: None,
        }
    }

    /// With the message of an error, which is its source.
    pub(crate) fn from_error(line: u64, error: impl Error + Send + Sync + 'static) -> Self {
        Self::at(line, error.to_string()).caused_by(error)
    }

    pub(crate) fn at(line: u64, what: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            column: None,
            record: None,
            registry: None,
            what: what.into(),
            cause: None,
            counted: None,
        }
    }

    /// At no place that has a name.
    pub(crate) fn in_file(what: impl Into<String>) -> Self {
        Self {
            line: None,
            column: None,
            record: None,
            registry: None,
            what: what.into(),
            cause: None,
            counted: None,
        }
    }

    /// In a registry key.
    pub(crate) fn in_key(line: Option<u64>, path: String, what: impl Into<String>) -> Self {
        Self::in_location(line, RegistryLocation::new(path), what)
    }

    /// In a registry key, at its offset.
    pub(crate) fn in_location(
        line: Option<u64>,
        key: RegistryLocation,
        what: impl Into<String>,
    ) -> Self {
        Self {
            line,
            record: Some(key.path.clone()),
            registry: Some(Box::new(key)),
            ..Self::in_file(what)
        }
    }

    /// At an offset of a hive.
    pub(crate) fn at_offset(self, offset: u64) -> Self {
        let location = self.registry.as_deref().cloned();
        let location = location.unwrap_or_else(|| RegistryLocation::new(""));
        Self {
            registry: Some(Box::new(location.at(Some(offset)))),
            ..self
        }
    }

    pub(crate) fn caused_by(self, error: impl Into<BoxError>) -> Self {
        Self {
            cause: Some(ErrorCause(Arc::from(error.into()))),
            ..self
        }
    }

    pub(crate) fn of(self, record: impl Into<String>) -> Self {
        Self {
            record: Some(record.into()),
            ..self
        }
    }
}

impl Error for ParseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &*cause.0 as _)
    }
}

impl fmt::Display for ParseError {
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

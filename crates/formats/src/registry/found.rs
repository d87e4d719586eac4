//! A registry key from an export or a hive.

use std::borrow::Cow;

use certbind_core::BoxError;

use jiff::Timestamp;

use super::data::Data;
use super::location::RegistryLocation;
use super::value_map::ValueMap;
use crate::error_list::ErrorList;
use crate::report::{ConversionWarning, ParseError, WarningKind};

/// A key, with its values.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// Its path under `Parameters`.
    pub(crate) path: String,
    /// The line where it begins, where the format has lines.
    pub(crate) line: Option<u64>,
    /// The offset of its cell in the file, where the format is a hive.
    pub(crate) offset: Option<u64>,
    /// When it was last written, where the format has times.
    pub(crate) time: Option<Timestamp>,
    pub(super) values: ValueMap<'a>,
    /// The errors of its unreadable parts.
    pub(crate) errors: ErrorList,
    /// The warnings of its readable parts, other than its values.
    pub(crate) warnings: Vec<ConversionWarning>,
}

/// A value from an export or a hive.
#[derive(Clone, Debug)]
pub(crate) struct Value<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) data: Data<'a>,
    pub(crate) line: Option<u64>,
}

/// The names of options begin so.
const DEFAULT: &str = "Default";

impl<'a> Found<'a> {
    pub(crate) fn new(path: impl Into<String>, line: Option<u64>) -> Self {
        Self {
            path: path.into(),
            line,
            offset: None,
            time: None,
            values: ValueMap::default(),
            errors: ErrorList::default(),
            warnings: Vec::new(),
        }
    }

    /// Adds a value. A second value of the same name is an error.
    pub(crate) fn add(&mut self, value: Value<'a>) {
        let Err((value, earlier)) = self.values.insert(value) else {
            return;
        };
        let name = &value.name;
        let what = match earlier {
            Some(line) => format!("the value {name:?} is on line {line} already"),
            None => format!("the value {name:?} occurs twice"),
        };
        self.error(value.line, what);
    }

    /// The values, in the order of their names.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Value<'a>> {
        self.values.in_order()
    }

    /// The value of a name.
    pub(crate) fn value(&self, name: &str) -> Option<&Value<'a>> {
        self.values.get(name)
    }

    /// Whether there are values, and all of them are options of a binding. Instructions for RD Gateway
    /// leave such keys on hosts.
    pub(super) fn has_options_only(&self) -> bool {
        let is_option = |value: &Value<'_>| {
            let start = value.name.get(..DEFAULT.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(DEFAULT))
        };
        !self.values.is_empty() && self.values.iter().all(is_option)
    }

    /// Takes a value back.
    pub(crate) fn remove(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// Notes that something of it could not be read, for an error at an offset of the file.
    pub(crate) fn error_at(
        &mut self,
        offset: u64,
        what: impl Into<String>,
        cause: impl Into<BoxError>,
    ) {
        let (line, path) = (self.line, &self.path);
        self.errors.push(|| {
            let error = ParseError::in_key(line, path.clone(), what);
            error.at_offset(offset).caused_by(cause)
        });
    }

    /// Notes that something of it could not be read.
    pub(crate) fn error(&mut self, line: Option<u64>, what: impl Into<String>) {
        let (line, key) = (line.or(self.line), self.location());
        self.errors
            .push(|| ParseError::in_location(line, key, what));
    }

    /// Its path under `Parameters`, and its offset.
    pub(crate) fn location(&self) -> RegistryLocation {
        RegistryLocation::new(self.path.as_str()).at(self.offset)
    }

    /// Its path and offset, when nothing else of it is needed any more.
    pub(super) fn into_location(self) -> RegistryLocation {
        RegistryLocation::new(self.path).at(self.offset)
    }

    /// A warning about it, or about the line of one of its values.
    pub(crate) fn warning(
        &self,
        kind: WarningKind,
        line: Option<u64>,
        what: impl Into<String>,
    ) -> ConversionWarning {
        ConversionWarning {
            line,
            ..ConversionWarning::new(kind, what).in_location(self.location())
        }
    }
}

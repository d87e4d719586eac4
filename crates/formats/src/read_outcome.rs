//! The result of reading an export.

use std::collections::BTreeMap;

use certbind_core::{BindingKey, Uuid};

use crate::export::Export;
use crate::hive::Recovery;
use crate::registry::RegistryLocation;
use crate::report::{ConversionWarning, ParseError};

/// An export that was read, with the warnings and errors of the reader.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadOutcome {
    /// The bindings and the other contents of the export.
    pub export: Export,
    /// The line on which each binding begins, counted from 1, in their order; none at all where the
    /// format has no lines.
    pub lines: Vec<u64>,
    /// The parts of the export that the bindings cannot represent, in the order of its lines where
    /// it has lines.
    pub warnings: Vec<ConversionWarning>,
    /// The broken records, with `keep_going`.
    pub errors: Vec<ParseError>,
    /// The registry key of each binding, of a hive or a registry export.
    pub registry: BTreeMap<BindingKey, RegistryLocation>,
    /// The registry key of HTTP.sys, which has its settings, of a hive or a registry export that has it.
    pub parameters: Option<RegistryLocation>,
    /// The registry key of the URL reservations, of a hive or a registry export that has it.
    pub reservations: Option<RegistryLocation>,
    /// The replay of a hive's transaction logs.
    pub recovery: Option<Recovery>,
    /// The application ids that a desired state manages, sorted; `None` for any other format.
    pub managed: Option<Vec<Uuid>>,
}

//! The contents of an export, for any format.

use std::collections::BTreeMap;

use certbind_core::{Binding, BindingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::configuration::Configuration;
use crate::netsh::layout::Layout;

/// An exported store: its bindings, and their source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Export {
    /// The source of the bindings.
    pub header: Header,
    /// The bindings, in the order of the export, each key once.
    pub bindings: Vec<Binding>,
    /// How the host lays out its listings, where the export contains it: `netsh` listings do.
    pub layout: Option<Layout>,
    /// The last-write times of the registry keys of bindings. Hives have them, and JSON keeps them. A key
    /// whose time is 0 or no date has none.
    pub times: BTreeMap<BindingKey, Timestamp>,
    /// The configuration of HTTP.sys other than bindings, where the export contains it: hives and
    /// registry exports do, and JSON keeps it.
    pub configuration: Option<Configuration>,
    /// The parts of the store that could not be read, and why. Bindings or their extended properties are
    /// missing where there are any.
    pub unreadable: Vec<String>,
}

/// The source of an export. A format without a place for it leaves every field empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Header {
    /// The host whose bindings these are.
    pub host: Option<String>,
    /// When they were read from it.
    pub captured_at: Option<Timestamp>,
    /// The source of the bindings: a store's URL, a file, a command.
    pub source: Option<String>,
    /// The program that wrote the export, and its version.
    pub tool: Option<String>,
}

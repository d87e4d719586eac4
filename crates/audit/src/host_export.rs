//! The export of a host in an audit.

use certbind_core::Binding;
use certbind_formats::netsh::Layout;
use certbind_formats::{Export, ReadOutcome};

use crate::iis;

/// The export of a host, and its baseline.
#[derive(Clone, Debug)]
pub struct HostExport {
    /// The name of the host in the report.
    pub name: String,
    /// The file or store that it was read from.
    pub source: Option<String>,
    /// The URL of the binding store that it was read from, if it was one: commands that fix findings
    /// then name it.
    pub store: Option<String>,
    /// The reading with its errors: read an export with
    /// [`keep_going`](certbind_formats::ReadOptions::keep_going), so that one broken record hides
    /// no other.
    pub reading: ReadOutcome,
    /// The bindings of the host at another time, for the changes since then.
    pub baseline: Baseline,
    /// The sites of IIS on the host.
    pub iis: SitesOfIis,
    /// The reason why the host could not be assessed: its export cannot be read, or only the
    /// baseline has it. It is a finding, and no other rule is applied to the host.
    pub not_assessed: Option<NotAssessed>,
}

/// The state of a host at an earlier time.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Baseline {
    /// The audit compares nothing.
    #[default]
    NotRequested,
    /// The audit compares hosts with a baseline, and has none of this host: the reason.
    Missing(String),
    /// The host then.
    Bindings {
        /// Its bindings.
        bindings: Vec<Binding>,
        /// The layout of the listing that they are from. Options that it does not show are unknown,
        /// and are not compared.
        layout: Option<Box<Layout>>,
    },
}

impl Baseline {
    /// Bindings of which every option is known.
    #[must_use]
    pub fn of_bindings(bindings: Vec<Binding>) -> Self {
        Self::Bindings {
            bindings,
            layout: None,
        }
    }
}

/// The sites of IIS, from the `applicationHost.config` of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SitesOfIis {
    /// No configuration was given: nothing is known of sites.
    #[default]
    NotGiven,
    /// The sites, and the file that they are from.
    Read {
        /// The file.
        file: String,
        /// The sites.
        configuration: Box<iis::Configuration>,
    },
    /// A configuration that cannot be read: a finding.
    Unreadable {
        /// The file.
        file: String,
        /// The reason.
        why: String,
    },
}

impl SitesOfIis {
    /// The content of an `applicationHost.config`.
    #[must_use]
    pub fn parse(file: impl Into<String>, bytes: &[u8]) -> Self {
        let file = file.into();
        match iis::Configuration::parse(bytes) {
            Ok(configuration) => Self::Read {
                file,
                configuration: Box::new(configuration),
            },
            Err(error) => Self::Unreadable {
                file,
                why: error.to_string(),
            },
        }
    }

    /// The file, whether it could be read or not.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::NotGiven => None,
            Self::Read { file, .. } | Self::Unreadable { file, .. } => Some(file),
        }
    }
}

/// The reason why a host could not be assessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAssessed {
    /// The export cannot be read: the error.
    Unreadable(String),
    /// There is a baseline of the host, and no export.
    OnlyInBaseline,
}

impl HostExport {
    /// The export of a host.
    #[must_use]
    pub fn new(name: impl Into<String>, reading: ReadOutcome) -> Self {
        Self {
            name: name.into(),
            source: None,
            store: None,
            reading,
            baseline: Baseline::NotRequested,
            iis: SitesOfIis::NotGiven,
            not_assessed: None,
        }
    }

    /// A host that could not be assessed.
    #[must_use]
    pub fn unassessed(name: impl Into<String>, reason: NotAssessed) -> Self {
        Self {
            not_assessed: Some(reason),
            ..Self::of_bindings(name, Vec::new())
        }
    }

    /// The bindings of a host, read elsewhere: from a store.
    #[must_use]
    pub fn of_bindings(name: impl Into<String>, bindings: Vec<Binding>) -> Self {
        let reading = ReadOutcome {
            export: Export {
                bindings,
                ..Export::default()
            },
            lines: Vec::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
            registry: std::collections::BTreeMap::new(),
            parameters: None,
            reservations: None,
            recovery: None,
            managed: None,
        };
        Self::new(name, reading)
    }
}

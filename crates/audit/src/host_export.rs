//! One host's export, as it is audited.

use certbind_core::Binding;
use certbind_formats::{Export, ReadOutcome};

/// The export of a host, and what it is compared with.
#[derive(Clone, Debug)]
pub struct HostExport {
    /// What the host is called in the report.
    pub name: String,
    /// The file or store that it was read from.
    pub source: Option<String>,
    /// What was read, with what could not be: read an export with
    /// [`keep_going`](certbind_formats::ReadOptions::keep_going), so that one broken record hides no
    /// other.
    pub reading: ReadOutcome,
    /// The bindings that the host had at another time, to tell what changed since.
    pub baseline: Baseline,
    /// The reason why the host could not be assessed: its export cannot be read, or only the baseline
    /// has it. It is a finding, and no other rule looks at the host.
    pub not_assessed: Option<NotAssessed>,
}

/// The state of a host at an earlier time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Baseline {
    /// The audit compares nothing.
    #[default]
    NotRequested,
    /// The audit compares hosts with a baseline, and has none of this host: the reason.
    Missing(String),
    /// The bindings of the host then.
    Bindings(Vec<Binding>),
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
    /// What was read of a host.
    #[must_use]
    pub fn new(name: impl Into<String>, reading: ReadOutcome) -> Self {
        Self {
            name: name.into(),
            source: None,
            reading,
            baseline: Baseline::NotRequested,
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
            times: Vec::new(),
            recovery: None,
        };
        Self::new(name, reading)
    }
}

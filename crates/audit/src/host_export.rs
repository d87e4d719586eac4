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
    pub baseline: Option<Vec<Binding>>,
}

impl HostExport {
    /// What was read of a host.
    #[must_use]
    pub fn new(name: impl Into<String>, reading: ReadOutcome) -> Self {
        Self {
            name: name.into(),
            source: None,
            reading,
            baseline: None,
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
            recovery: None,
        };
        Self::new(name, reading)
    }
}

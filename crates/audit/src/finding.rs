//! The finding of a rule.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use certbind_core::{Binding, CertHash};
use certbind_formats::RegistryLocation;

use crate::rule::Rule;
use crate::severity::Severity;

/// A finding of one rule in one place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule: its id, its reason, and the remedy.
    pub rule: &'static Rule,
    /// The severity, according to the configuration.
    pub severity: Severity,
    /// The place.
    pub place: FindingLocation,
    /// The problem, in a sentence without the place.
    pub sentence: Cow<'static, str>,
    /// The basis of the verdict, where the record does not show it.
    pub rests_on: Option<&'static str>,
    /// Further places that it concerns.
    pub related: RelatedLocations,
    /// Whether an earlier report has it, if the report was compared with one.
    pub state: Option<FindingState>,
}

/// A finding since an earlier report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingState {
    /// It is absent from the earlier report.
    New,
    /// Both reports have it.
    Unchanged,
}

impl FindingState {
    /// The name: `new`, `unchanged`, as in SARIF.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Unchanged => "unchanged",
        }
    }
}

/// A place in the audited exports.
#[derive(Clone, Debug)]
pub struct FindingLocation {
    /// The host, as an index into the report's hosts; none for a finding about all of them.
    pub host: Option<usize>,
    /// The subject there.
    pub subject: Subject,
    /// The line of the host's export, counted from 1, where that is known. Of a [`Subject::Site`] it is
    /// the line of the configuration of IIS.
    pub line: Option<u64>,
    /// The registry key, where the export is a hive or a registry export.
    pub registry: Option<Box<RegistryLocation>>,
}

/// The subject of a finding. Its `Display` output is a short name, which may contain any character.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Subject {
    /// A binding.
    Binding(Binding),
    /// A record that is not a binding, named as the export names it: one that could not be read, or a URL
    /// reservation.
    Record(Box<str>),
    /// The complete export.
    Export,
    /// A certificate.
    Certificate(CertHash),
    /// A host name.
    Name(Box<str>),
    /// A file of certificates.
    File(Box<str>),
    /// A site of IIS, or a binding of it. Its line is that of `applicationHost.config`.
    Site(Box<str>),
    /// A waiver of the configuration, by the finding that it waives.
    Waiver(Box<str>),
}

/// The first few of the further places that a finding concerns.
#[derive(Clone, Debug, Default)]
pub struct RelatedLocations {
    /// These.
    pub places: Arc<[FindingLocation]>,
    /// How many more there are.
    pub more: usize,
}

impl FindingLocation {
    pub(crate) fn in_registry(self, registry: Option<&RegistryLocation>) -> Self {
        Self {
            registry: registry.cloned().map(Box::new),
            ..self
        }
    }
}

impl Finding {
    pub(crate) fn resting_on(&mut self, basis: &'static str) -> &mut Self {
        self.rests_on = Some(basis);
        self
    }

    pub(crate) fn related_to(&mut self, related: RelatedLocations) -> &mut Self {
        self.related = related;
        self
    }
}

impl RelatedLocations {
    /// How many places are listed at most.
    pub const MAX_LOCATIONS: usize = 10;

    pub(crate) fn of(places: impl IntoIterator<Item = FindingLocation>) -> Self {
        let mut places = places.into_iter();
        let first: Arc<[FindingLocation]> = places.by_ref().take(Self::MAX_LOCATIONS).collect();
        Self {
            places: first,
            more: places.count(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binding(binding) => binding.key().fmt(f),
            Self::Export => f.write_str("the export"),
            Self::Certificate(hash) => write!(f, "certificate {hash}"),
            Self::Site(text) => write!(f, "site {text}"),
            Self::Record(text) | Self::Name(text) | Self::File(text) | Self::Waiver(text) => {
                f.write_str(text)
            }
        }
    }
}

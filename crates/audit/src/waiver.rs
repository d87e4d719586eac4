//! Findings that are accepted.

use std::fmt;

use certbind_core::{BindingKey, CertHash};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// The acceptance of a finding, until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The rule's id.
    pub rule: &'static str,
    /// The waived subject.
    pub scope: Scope,
    /// The host, by its name in the report; every host without.
    pub host: Option<String>,
    /// The reason.
    pub reason: String,
    /// The last day on which it applies, in UTC.
    pub until: Date,
}

/// The subject of a waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The binding of a key.
    Key(BindingKey),
    /// A certificate, and every binding of it.
    Certificate(CertHash),
    /// A host name, and every binding of it.
    Name(String),
}

impl Waiver {
    /// Whether the last day of the waiver is past.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        Offset::UTC.to_datetime(now).date() > self.until
    }
}

impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.rule, self.scope)?;
        match &self.host {
            Some(host) => write!(f, " on {host}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => key.fmt(f),
            Self::Certificate(hash) => write!(f, "certificate {hash}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

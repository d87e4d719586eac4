//! An earlier report, read from its JSON.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::finding::Subject;
use crate::json_version::VERSION;
use crate::severity::Severity;

/// An earlier report of `audit --format json`.
#[derive(Clone, Debug)]
pub struct EarlierReport {
    pub(crate) audited_at: Timestamp,
    pub(crate) hosts: Vec<EarlierHost>,
    pub(crate) findings: Vec<EarlierFinding>,
    pub(crate) waived: Vec<EarlierFinding>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EarlierHost {
    pub(crate) name: String,
    /// The name under which the host was audited first, if that is another one.
    #[serde(default)]
    pub(crate) identity: Option<String>,
    #[serde(default)]
    pub(crate) not_assessed: Option<String>,
}

/// A finding of an earlier report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EarlierFinding {
    /// The id of the rule, which this version may not have.
    pub rule: String,
    /// Its severity then.
    pub severity: Severity,
    /// The name of the host then; none for a finding about all hosts.
    pub host: Option<String>,
    /// The subject.
    pub subject: EarlierSubject,
    /// The problem.
    pub sentence: String,
    /// The hosts of the related places. Not all of them, where there are more.
    #[serde(default, rename = "related")]
    pub(crate) related: Vec<RelatedPlace>,
    #[serde(default)]
    pub(crate) more_related: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct RelatedPlace {
    pub(crate) host: Option<String>,
}

/// The subject of an earlier finding, as named in its report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EarlierSubject {
    /// A binding.
    Binding {
        /// Its key.
        key: String,
    },
    /// A record that was not read.
    Record {
        /// Its name in the export.
        record: String,
    },
    /// The complete export.
    Export,
    /// A certificate.
    Certificate {
        /// Its hash.
        hash: String,
    },
    /// A host name.
    Name {
        /// The name.
        name: String,
    },
    /// A file of certificates.
    File {
        /// Its name.
        file: String,
    },
    /// A site of IIS.
    Site {
        /// Its name and binding.
        site: String,
    },
    /// A waiver.
    Waiver {
        /// The waived finding.
        waiver: String,
    },
}

/// A file is not a report of an audit.
#[derive(Debug, thiserror::Error)]
pub enum EarlierReportError {
    /// It is not JSON, or not that of a report.
    #[error("expected the JSON report of certbind audit: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of another format.
    #[error("expected the JSON report of certbind audit, found the format {0:?}")]
    Format(String),
    /// A later version wrote it.
    #[error("the report has version {0}, and this certbind reads version {VERSION}")]
    Version(u32),
}

impl EarlierReport {
    /// Reads the JSON of a report.
    ///
    /// # Errors
    /// [`EarlierReportError`].
    pub fn parse(json: &str) -> Result<Self, EarlierReportError> {
        #[derive(Deserialize)]
        struct Header {
            format: String,
            version: u32,
        }
        #[derive(Deserialize)]
        struct Body {
            audited_at: Timestamp,
            hosts: Vec<EarlierHost>,
            findings: Vec<EarlierFinding>,
            waived: Vec<EarlierFinding>,
        }
        let json = json.trim_start_matches('\u{feff}');
        let header: Header = serde_json::from_str(json)?;
        if header.format != "certbind-audit" {
            return Err(EarlierReportError::Format(header.format));
        }
        if header.version != VERSION {
            return Err(EarlierReportError::Version(header.version));
        }
        let body: Body = serde_json::from_str(json)?;
        Ok(Self {
            audited_at: body.audited_at,
            hosts: body.hosts,
            findings: body.findings,
            waived: body.waived,
        })
    }
}

/// A host of an earlier report cannot be renamed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenameError {
    /// No host of the report has the earlier name.
    #[error("the earlier report has no host {0:?}")]
    Unknown(String),
    /// Another host of the report has the name of now.
    #[error("the earlier report has a host {0:?} of its own")]
    Taken(String),
}

impl EarlierReport {
    /// Gives a host and its findings the name that it has now. The host keeps the identity that it had
    /// under the earlier name. Names are compared without case.
    ///
    /// # Errors
    /// [`RenameError`]. The report is unchanged.
    pub fn rename_host(&mut self, earlier: &str, now: &str) -> Result<(), RenameError> {
        let is = |name: &str, other: &str| name.to_lowercase() == other.to_lowercase();
        if !self.hosts.iter().any(|host| is(&host.name, earlier)) {
            return Err(RenameError::Unknown(earlier.to_owned()));
        }
        if !is(earlier, now) && self.hosts.iter().any(|host| is(&host.name, now)) {
            return Err(RenameError::Taken(now.to_owned()));
        }
        for host in self.hosts.iter_mut().filter(|it| is(&it.name, earlier)) {
            let name = std::mem::replace(&mut host.name, now.to_owned());
            host.identity.get_or_insert(name);
        }
        for finding in self.findings.iter_mut().chain(&mut self.waived) {
            let related = finding.related.iter_mut().map(|it| &mut it.host);
            for host in related.chain([&mut finding.host]).flatten() {
                if is(host, earlier) {
                    now.clone_into(host);
                }
            }
        }
        Ok(())
    }
}

impl EarlierSubject {
    /// The subject of a finding, as its report will name it.
    pub(crate) fn of(subject: &Subject) -> Self {
        let text = |text: &str| text.to_owned();
        match subject {
            Subject::Binding(binding) => Self::Binding {
                key: binding.key().to_string(),
            },
            Subject::Record(record) => Self::Record {
                record: text(record),
            },
            Subject::Export => Self::Export,
            Subject::Certificate(hash) => Self::Certificate {
                hash: hash.to_string(),
            },
            Subject::Name(name) => Self::Name { name: text(name) },
            Subject::File(file) => Self::File { file: text(file) },
            Subject::Site(site) => Self::Site { site: text(site) },
            Subject::Waiver(waiver) => Self::Waiver {
                waiver: text(waiver),
            },
        }
    }
}

impl fmt::Display for EarlierSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Export => f.write_str("the export"),
            Self::Certificate { hash } => write!(f, "certificate {hash}"),
            Self::Site { site } => write!(f, "site {site}"),
            Self::Binding { key: text }
            | Self::Record { record: text }
            | Self::Name { name: text }
            | Self::File { file: text }
            | Self::Waiver { waiver: text } => f.write_str(text),
        }
    }
}

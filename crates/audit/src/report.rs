//! The result of an audit.

use std::collections::BTreeMap;
use std::path::PathBuf;

use certbind_core::CertHash;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::changes::Changes;
use crate::config::Config;
use crate::finding::{Finding, FindingLocation, Subject};
use crate::host_export::NotAssessed;
use crate::severity::Severity;

/// The result of an audit: the most severe findings first, then by rule, host and key.
#[derive(Clone, Debug)]
pub struct Report {
    /// The assumptions, including the time.
    pub config: Config,
    /// The hosts, in the order in which they were given.
    pub hosts: Vec<HostSummary>,
    /// How many certificates were known; none where no inventory was given.
    pub certificates: Option<usize>,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The accepted findings.
    pub waived: Vec<WaivedFinding>,
    /// The changes since an earlier report, if it was compared with one.
    pub changes: Option<Changes>,
    /// The files of the certificates with findings.
    pub(crate) certificate_files: BTreeMap<CertHash, String>,
    /// The folder of the files of certificates.
    pub(crate) certificate_folder: Option<PathBuf>,
}

/// A host that was audited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSummary {
    /// Its name, which no other host of the report has.
    pub name: String,
    /// The name under which it was audited first: findings keep their identity when a host is renamed.
    pub identity: String,
    /// The file or store that it was read from.
    pub source: Option<String>,
    /// The configuration of IIS that was read with it.
    pub iis: Option<String>,
    /// When the bindings were read from the host, if the export contains it.
    pub captured_at: Option<Timestamp>,
    /// How many bindings were read.
    pub bindings: usize,
    /// The reason why nothing is known of the host.
    pub not_assessed: Option<NotAssessed>,
}

/// A finding that a waiver covers.
#[derive(Clone, Debug)]
pub struct WaivedFinding {
    /// The finding.
    pub finding: Finding,
    /// Why it is lived with.
    pub reason: String,
    /// The last day of the waiver, in UTC.
    pub until: Date,
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Of [`Severity::Error`].
    pub error: usize,
    /// Of [`Severity::Warning`].
    pub warning: usize,
    /// Of [`Severity::Note`].
    pub note: usize,
    /// The waived findings, of any severity.
    pub waived: usize,
}

impl Report {
    /// The gravest severity that was found.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.first().map(|finding| finding.severity)
    }

    /// How many findings there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            waived: self.waived.len(),
            ..Counts::default()
        };
        for finding in &self.findings {
            *match finding.severity {
                Severity::Error => &mut counts.error,
                Severity::Warning => &mut counts.warning,
                Severity::Note => &mut counts.note,
            } += 1;
        }
        counts
    }

    /// How many hosts could not be assessed. The absence of other findings means nothing for them.
    #[must_use]
    pub fn not_assessed(&self) -> usize {
        let hosts = self.hosts.iter();
        hosts.filter(|host| host.not_assessed.is_some()).count()
    }

    /// The file or store of a place in a host: its export or, for a site, its configuration of IIS.
    #[must_use]
    pub fn file_of(&self, place: &FindingLocation) -> Option<&str> {
        let host = self.hosts.get(place.host?)?;
        match place.subject {
            Subject::Site(_) => host.iis.as_deref(),
            _ => host.source.as_deref(),
        }
    }

    /// The line of a place, as `line 7`, or the offset of a damaged key in a hive. The line of a site is
    /// followed by its file.
    #[must_use]
    pub fn line_of(&self, place: &FindingLocation) -> Option<String> {
        let Some(line) = place.line else {
            return offset_of(place);
        };
        let line = format!("line {line}");
        match (&place.subject, self.file_of(place)) {
            (Subject::Site(_), Some(file)) => Some(format!("{line} of {file}")),
            _ => Some(line),
        }
    }

    /// The path of a file of certificates, which the report names without its folder.
    pub(crate) fn certificate_file(&self, name: &str) -> String {
        match &self.certificate_folder {
            Some(folder) => folder.join(name).display().to_string(),
            None => name.to_owned(),
        }
    }

    /// The name of the host at an index, as a [`FindingLocation`](crate::FindingLocation) has it.
    #[must_use]
    pub fn host(&self, index: Option<usize>) -> Option<&str> {
        Some(self.hosts.get(index?)?.name.as_str())
    }
}

/// The offset of a damaged or unknown key in a hive. That of a binding helps only programs.
fn offset_of(place: &FindingLocation) -> Option<String> {
    if matches!(place.subject, Subject::Binding(_)) {
        return None;
    }
    let offset = place.registry.as_ref()?.offset?;
    Some(format!("offset {offset:#x}"))
}

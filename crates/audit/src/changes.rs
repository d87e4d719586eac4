//! The changes since an earlier report.

use jiff::Timestamp;

use crate::earlier::EarlierFinding;

/// The changes since an earlier report. Each finding of the report has its
/// [`state`](crate::Finding::state).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The time of the earlier audit.
    pub since: Timestamp,
    /// The hosts that are taken to be renamed, by their findings: the earlier name, and the name now.
    pub renamed: Vec<(String, String)>,
    /// The hosts of the earlier report of which this audit has no export, under any name.
    pub gone_hosts: Vec<String>,
    /// The hosts that the earlier report does not have.
    pub new_hosts: Vec<String>,
    /// The earlier findings that are fixed.
    pub fixed: Vec<EarlierFinding>,
    /// The earlier findings of which it is unknown whether they are fixed, with the reason.
    pub not_assessed: Vec<(EarlierFinding, String)>,
}

impl Changes {
    /// The sentence that a missing host may be a new one under another name, and what to type then.
    #[must_use]
    pub fn rename_hint(&self) -> Option<String> {
        let (gone, new) = (self.gone_hosts.first()?, self.new_hosts.first()?);
        Some(match (self.gone_hosts.len(), self.new_hosts.len()) {
            (1, 1) => format!(
                "{gone} was not audited, and {new} is new: if it was renamed, add --renamed {gone}={new}"
            ),
            (gone, new) => format!(
                "{gone} {} of the earlier report not audited, {new} {} new: name those that were renamed \
                 with --renamed OLD=NEW",
                if gone == 1 { "host" } else { "hosts" },
                if new == 1 { "is" } else { "are" },
            ),
        })
    }
}

/// How many findings there are of each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ChangeCounts {
    /// Findings that are absent from the earlier report.
    pub new: usize,
    /// Fixed findings of the earlier report.
    pub fixed: usize,
    /// Findings of both.
    pub unchanged: usize,
    /// Findings of the earlier report that were not assessed.
    pub not_assessed: usize,
}

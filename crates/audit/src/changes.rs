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
    /// The earlier findings that are fixed.
    pub fixed: Vec<EarlierFinding>,
    /// The earlier findings of which it is unknown whether they are fixed, with the reason.
    pub not_assessed: Vec<(EarlierFinding, String)>,
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

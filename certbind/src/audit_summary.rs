//! The summary of an audit: the number of hosts, bindings and findings, and the changes.

use certbind_audit::summary::counted;
pub(crate) use certbind_audit::summary::rules;
use certbind_audit::{EarlierFinding, Report};

/// The counts of the audit: `3 warnings, 9 notes in 6 bindings`.
pub(crate) fn counts(report: &Report) -> String {
    let counts = report.counts();
    let mut found: Vec<_> = [
        (counts.error, "error"),
        (counts.warning, "warning"),
        (counts.note, "note"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| counted(count, what))
    .collect();
    if found.is_empty() {
        found.push("Nothing found".to_owned());
    }
    if counts.waived > 0 {
        found.push(format!("{} waived", counts.waived));
    }
    let bindings = report.hosts.iter().map(|host| host.bindings).sum();
    let mut of = counted(bindings, "binding");
    if report.hosts.len() > 1 {
        of = format!("{of} of {}", counted(report.hosts.len(), "host"));
    }
    if let Some(certificates) = report.certificates {
        of = format!("{of}, {}", counted(certificates, "certificate"));
    }
    format!("{} in {of}", found.join(", "))
}

/// The hosts that could not be assessed, if there are any.
pub(crate) fn not_assessed(report: &Report) -> Option<String> {
    let hosts = report.not_assessed();
    (hosts > 0).then(|| {
        format!(
            "Not assessed: {}; see CB027 and CB206",
            counted(hosts, "host")
        )
    })
}

/// The changes since an earlier report: `Since 2026-05-01: 3 new, 2 fixed, 40 unchanged`.
pub(crate) fn changes(report: &Report) -> Option<String> {
    let counts = report.change_counts()?;
    let since = report.changes.as_ref()?.since;
    let mut text = format!(
        "Since {since:.0}: {} new, {} fixed, {} unchanged",
        counts.new, counts.fixed, counts.unchanged
    );
    if counts.not_assessed > 0 {
        text.push_str(&format!(", {} not assessed", counts.not_assessed));
    }
    Some(text)
}

/// The place of a finding of an earlier report.
pub(crate) fn place(finding: &EarlierFinding) -> String {
    match &finding.host {
        Some(host) => format!("{host}  {}", finding.subject),
        None => finding.subject.to_string(),
    }
}

//! The summary of an audit: a line for each rule, the worst first, and the number of hosts and bindings.

use std::collections::{BTreeMap, BTreeSet};

use certbind_audit::{EarlierFinding, Finding, HostExport, Report, Subject};
use certbind_core::{BindingKey, CertHash};

/// The findings of a rule, counted.
pub(crate) struct RuleSummary<'a> {
    pub(crate) findings: &'a [Finding],
    certificates: usize,
    bindings: usize,
    hosts: usize,
}

/// The rules that found something, the worst first.
pub(crate) fn rules<'a>(hosts: &[HostExport], report: &'a Report) -> Vec<RuleSummary<'a>> {
    let mut uses: BTreeMap<CertHash, Vec<(usize, &BindingKey)>> = BTreeMap::new();
    for (index, host) in hosts.iter().enumerate() {
        for binding in &host.reading.export.bindings {
            if let Some(hash) = binding.record().hash() {
                uses.entry(*hash).or_default().push((index, binding.key()));
            }
        }
    }
    let groups = report.findings.chunk_by(|a, b| a.rule.id == b.rule.id);
    groups.map(|group| summary(group, &uses)).collect()
}

/// A certificate stands for every binding of it.
fn summary<'a>(
    findings: &'a [Finding],
    uses: &BTreeMap<CertHash, Vec<(usize, &BindingKey)>>,
) -> RuleSummary<'a> {
    let is_about_certificates = findings.iter().all(|it| it.rule.id.starts_with("CB1"));
    let mut certificates = BTreeSet::new();
    let mut bindings: BTreeSet<(usize, &BindingKey)> = BTreeSet::new();
    let mut hosts = BTreeSet::new();
    for finding in findings {
        hosts.extend(finding.place.host);
        match (&finding.place.subject, finding.place.host) {
            (Subject::Binding(binding), Some(host)) => {
                bindings.insert((host, binding.key()));
                certificates.extend(binding.record().hash());
            }
            (Subject::Certificate(hash), _) => {
                certificates.insert(hash);
                let uses = uses.get(hash).into_iter().flatten();
                bindings.extend(uses.copied());
            }
            _ => {}
        }
    }
    hosts.extend(bindings.iter().map(|(host, _)| *host));
    RuleSummary {
        findings,
        certificates: if is_about_certificates {
            certificates.len()
        } else {
            0
        },
        bindings: bindings.len(),
        hosts: hosts.len(),
    }
}

impl RuleSummary<'_> {
    /// `29 certificates in 562 bindings on 240 hosts`, as far as the findings name them.
    pub(crate) fn extent(&self) -> String {
        let mut extent = match self.certificates {
            0 => counted(self.findings.len(), "finding"),
            certificates => counted(certificates, "certificate"),
        };
        if self.bindings > 0 {
            extent.push_str(&format!(" in {}", counted(self.bindings, "binding")));
        }
        if self.hosts > 0 {
            extent.push_str(&format!(" on {}", counted(self.hosts, "host")));
        }
        extent
    }
}

/// The counts of the whole audit: `3 warnings, 9 notes in 6 bindings`.
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

/// What changed since an earlier report: `Since 2026-05-01: 3 new, 2 fixed, 40 unchanged`.
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

pub(crate) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

//! The summary of an audit: the number of hosts, bindings and findings, and the changes.

pub(crate) use certbind_audit::summary::rules;
use certbind_audit::summary::{self, CauseItem, RuleSummary, counted};
use certbind_audit::{EarlierFinding, HostExport, Inventory, Report};

/// The most certificates or places of a cause in a summary, as on the page.
pub(crate) const MAX_ITEMS: usize = 5;

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

/// `This week: 2 certificates have expired in 141 bindings on 24 hosts.`, if a certificate has expired
/// or expires within a week.
pub(crate) fn week(
    hosts: &[HostExport],
    rules: &[RuleSummary<'_>],
    inventory: &Inventory,
    report: &Report,
) -> Option<String> {
    let sentences = summary::week(hosts, rules, inventory, report.config.now);
    let sentences: Vec<_> = sentences.iter().map(ToString::to_string).collect();
    (!sentences.is_empty()).then(|| format!("This week: {}", sentences.join(" ")))
}

/// A certificate or place of a cause, and the condition of its fix.
pub(crate) fn item(item: &CauseItem<'_>, report: &Report) -> String {
    let mut text = String::new();
    if let Some(certificate) = &item.certificate {
        let subject = certificate.subject;
        text.push_str(subject.unwrap_or("a certificate that is not in the inventory"));
        if let Some(day) = certificate.until {
            text.push_str(&format!(", until {day}"));
        }
        text.push_str(&certificate.place);
    }
    if let Some(finding) = item.finding {
        let many = report.hosts.len() > 1;
        if let Some(host) = report.host(finding.place.host).filter(|_| many) {
            text.push_str(&format!("{host}  "));
        }
        text.push_str(&finding.place.subject.to_string());
        if item.alike > 0 {
            text.push_str(&format!(" and {}", counted(item.alike, "more finding")));
        }
    }
    let fix = item.fix.as_ref();
    if let Some(condition) = fix.and_then(|fix| fix.condition.as_deref()) {
        text.push_str(&format!(", if {condition}"));
    }
    text
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

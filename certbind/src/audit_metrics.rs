//! An audit's report for monitoring: a Prometheus text file, and one line of a check.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use certbind_audit::{HostExport, Inventory, Report, Severity};

use crate::audit_summary;
use crate::terminal::escaped;

/// Prometheus' text format 0.0.4, for the textfile collector of the node exporter.
pub(crate) fn prometheus(
    out: &mut impl Write,
    hosts: &[HostExport],
    inventory: &Inventory,
    report: &Report,
) -> io::Result<()> {
    let mut metric = |name: &str, help: &str, samples: &[(String, f64)]| {
        if samples.is_empty() {
            return Ok(());
        }
        writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")?;
        samples
            .iter()
            .try_for_each(|(labels, value)| writeln!(out, "{name}{labels} {value}"))
    };
    let mut ends = BTreeMap::new();
    let mut counts = Vec::new();
    let mut assessed = Vec::new();
    for (host, summary) in hosts.iter().zip(&report.hosts) {
        let label = ("host", summary.name.as_str());
        counts.push((labels(&[label]), count(summary.bindings)));
        assessed.push((
            labels(&[label]),
            f64::from(u8::from(summary.not_assessed.is_none())),
        ));
        let bindings = host.reading.export.bindings.iter();
        let used: BTreeSet<_> = bindings.filter_map(|it| it.record().hash()).collect();
        for held in used.into_iter().filter_map(|hash| inventory.get(hash)) {
            let certificate = &held.certificate;
            let hash = certificate.hash().to_string();
            let subject = ("subject", certificate.subject());
            let end = certificate.validity().not_after.as_second();
            ends.insert(labels(&[label, ("hash", &hash), subject]), end);
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of years have less than 53 bits"
    )]
    let ends: Vec<_> = ends
        .into_iter()
        .map(|(labels, end)| (labels, end as f64))
        .collect();
    metric(
        "certbind_certificate_not_after_seconds",
        "The end of validity of a bound certificate, in seconds since 1970.",
        &ends,
    )?;
    let mut findings: BTreeMap<(&str, Severity), usize> = BTreeMap::new();
    for finding in &report.findings {
        *findings
            .entry((finding.rule.id, finding.severity))
            .or_default() += 1;
    }
    let findings: Vec<_> = findings
        .into_iter()
        .map(|((rule, severity), found)| {
            let severity = severity.to_string();
            (
                labels(&[("rule", rule), ("severity", &severity)]),
                count(found),
            )
        })
        .collect();
    metric("certbind_findings", "The findings of the audit.", &findings)?;
    let waived = count(report.waived.len());
    metric(
        "certbind_findings_waived",
        "The waived findings.",
        &[(String::new(), waived)],
    )?;
    if let Some(counts) = report.change_counts() {
        let states = [
            ("new", counts.new),
            ("fixed", counts.fixed),
            ("unchanged", counts.unchanged),
            ("not_assessed", counts.not_assessed),
        ];
        let states = states.map(|(state, found)| (labels(&[("state", state)]), count(found)));
        metric(
            "certbind_findings_since",
            "The findings since the earlier report.",
            &states,
        )?;
    }
    metric("certbind_bindings", "The bindings that were read.", &counts)?;
    metric(
        "certbind_host_assessed",
        "1 if the host was assessed, else 0.",
        &assessed,
    )?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of years have less than 53 bits"
    )]
    let now = report.config.now.as_second() as f64;
    metric(
        "certbind_audit_time_seconds",
        "The time of the audit, in seconds since 1970.",
        &[(String::new(), now)],
    )
}

#[expect(clippy::cast_precision_loss, reason = "no audit has 2^53 findings")]
fn count(count: usize) -> f64 {
    count as f64
}

/// `{name="value",…}`: a backslash, a quote and a line feed are escaped.
fn labels(labels: &[(&str, &str)]) -> String {
    let labels = labels.iter().map(|(name, value)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{name}=\"{}\"", value.replace('\n', "\\n"))
    });
    format!("{{{}}}", labels.collect::<Vec<_>>().join(","))
}

/// The state of a check, with the exit code that monitoring plugins have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CheckState {
    Ok = 0,
    Warning = 1,
    Critical = 2,
    Unknown = 3,
}

impl CheckState {
    pub(crate) fn of(report: &Report) -> Self {
        match report.worst() {
            // An error that was found is certain, regardless of unassessed parts.
            Some(Severity::Error) if !only_unassessed(report) => Self::Critical,
            _ if report.not_assessed() > 0 => Self::Unknown,
            Some(Severity::Error) => Self::Critical,
            Some(Severity::Warning) => Self::Warning,
            Some(Severity::Note) | None => Self::Ok,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Whether every error is about a host that could not be assessed.
fn only_unassessed(report: &Report) -> bool {
    let mut errors = report.findings.iter();
    errors.all(|it| it.severity != Severity::Error || ["CB027", "CB206"].contains(&it.rule.id))
}

/// One line as monitoring plugins print it: the state, the worst rules, and performance data.
pub(crate) fn check_line(hosts: &[HostExport], report: &Report) -> String {
    let state = CheckState::of(report);
    let mut text = audit_summary::counts(report);
    if let Some(hosts) = audit_summary::not_assessed(report) {
        text = format!("{text}. {hosts}");
    }
    if let Some(changes) = audit_summary::changes(report) {
        text = format!("{text}. {changes}");
    }
    for summary in audit_summary::rules(hosts, report).iter().take(3) {
        let rule = summary.findings[0].rule;
        text.push_str(&format!(
            "; {}: {} ({})",
            rule.id,
            rule.title,
            summary.extent()
        ));
    }
    let counts = report.counts();
    let bindings: usize = report.hosts.iter().map(|host| host.bindings).sum();
    format!(
        "{}|errors={};;;0 warnings={};;;0 notes={};;;0 waived={};;;0 bindings={bindings};;;0\n",
        status(state, &text),
        counts.error,
        counts.warning,
        counts.note,
        counts.waived,
    )
}

/// The state and a text, in which a vertical bar would begin performance data.
pub(crate) fn status(state: CheckState, text: &str) -> String {
    format!(
        "CERTBIND {} - {}",
        state.name(),
        escaped(text).replace('|', "/")
    )
}

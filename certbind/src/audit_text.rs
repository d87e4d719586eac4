//! An audit's report for people: rule by rule, the worst first.

use std::fmt::Write;

use certbind_audit::fix::Fixes;
use certbind_audit::summary::causes;
use certbind_audit::{
    EarlierFinding, Finding, FindingLocation, FindingState, HostExport, Inventory, Report,
};

use crate::audit_summary;
use crate::terminal::escaped;

/// The most findings of a rule that are printed. The other formats have all of them.
const MAX_FINDINGS: usize = 40;

/// The most characters in a line about a rule.
const WIDTH: usize = 96;

/// The complete report. Of a clean audit it is one line.
pub(crate) fn of(hosts: &[HostExport], inventory: &Inventory, report: &Report) -> String {
    let mut text = String::new();
    for (findings, is_last) in by_rule(&report.findings) {
        group(&mut text, report, findings);
        if !is_last {
            text.push('\n');
        }
    }
    if !report.findings.is_empty() {
        text.push('\n');
    }
    changes(&mut text, report);
    summary(&mut text, hosts, inventory, report);
    let _ = writeln!(text, "{}", audit_summary::counts(report));
    if let Some(changes) = audit_summary::changes(report) {
        let _ = writeln!(text, "{changes}");
    }
    if let Some(hosts) = audit_summary::not_assessed(report) {
        let _ = writeln!(text, "{hosts}");
    }
    text
}

/// The tasks, as on the page: this week, then each rule, with the commands that fix its first findings.
fn summary(text: &mut String, hosts: &[HostExport], inventory: &Inventory, report: &Report) {
    let rules = audit_summary::rules(hosts, report);
    let fixes = Fixes::new(hosts, inventory, report);
    let causes = causes(&rules, report, inventory, &fixes, audit_summary::MAX_ITEMS);
    if let Some(week) = audit_summary::week(hosts, &rules, inventory, report) {
        let _ = writeln!(text, "{week}");
    }
    for cause in &causes {
        let first = &cause.rule.findings[0];
        let (rule, severity) = (first.rule, first.severity);
        let extent = cause.rule.extent();
        let _ = writeln!(text, "{severity} {}: {extent}: {}", rule.id, rule.title);
        for item in cause.items.iter().filter(|item| item.fix.is_some()) {
            let what = audit_summary::item(item, report);
            let _ = writeln!(text, "  {}", escaped(&what));
            for command in item.fix.iter().flat_map(|fix| &fix.commands) {
                let _ = writeln!(text, "    {}", escaped(command));
            }
        }
        if let Some(more) = cause.more.as_ref().filter(|_| cause.remedy.is_none()) {
            let _ = writeln!(
                text,
                "  and {more}; --format csv has the commands of all findings"
            );
        }
    }
    let notes = rules.iter().skip(causes.len());
    for rule in notes {
        let (id, title) = (rule.findings[0].rule.id, rule.findings[0].rule.title);
        let _ = writeln!(text, "note {id}: {}: {title}", rule.extent());
    }
}

/// The fixed findings, and those that were not assessed.
fn changes(text: &mut String, report: &Report) {
    let Some(changes) = &report.changes else {
        return;
    };
    let mut list = |title: &str, findings: &[(&EarlierFinding, String)]| {
        if findings.is_empty() {
            return;
        }
        let _ = writeln!(text, "{title}");
        for (finding, why) in findings.iter().take(MAX_FINDINGS) {
            let place = audit_summary::place(finding);
            let line = format!("{} {place}: {}{why}", finding.rule, finding.sentence);
            let _ = writeln!(text, "  {}", escaped(&line));
        }
        if let more @ 1.. = findings.len().saturating_sub(MAX_FINDINGS) {
            let _ = writeln!(text, "  and {more} more; --format json has them all");
        }
        text.push('\n');
    };
    let fixed = changes.fixed.iter().map(|it| (it, String::new()));
    list("fixed since the earlier report", &fixed.collect::<Vec<_>>());
    let open = changes.not_assessed.iter();
    let open = open.map(|(finding, why)| (finding, format!(" ({why})")));
    list(
        "not assessed: whether these are fixed is not known",
        &open.collect::<Vec<_>>(),
    );
    for (from, to) in &changes.renamed {
        let renamed = format!("{to} is taken to be {from}, renamed: it has the same findings");
        let _ = writeln!(text, "{}", escaped(&renamed));
    }
    if let Some(hint) = changes.rename_hint() {
        let _ = writeln!(text, "{}", escaped(&hint));
    }
}

/// The findings of each rule, and whether they are the last.
fn by_rule(findings: &[Finding]) -> impl Iterator<Item = (&[Finding], bool)> {
    let groups: Vec<_> = findings.chunk_by(|a, b| a.rule.id == b.rule.id).collect();
    let last = groups.len().saturating_sub(1);
    groups
        .into_iter()
        .enumerate()
        .map(move |(at, group)| (group, at == last))
}

fn group(text: &mut String, report: &Report, findings: &[Finding]) {
    let Some(first) = findings.first() else {
        return;
    };
    let rule = first.rule;
    let _ = writeln!(text, "{} {}: {}", first.severity, rule.id, rule.title);
    for finding in findings.iter().take(MAX_FINDINGS) {
        let sentence = escaped(&finding.sentence);
        let new = match finding.state {
            Some(FindingState::New) => "new: ",
            _ => "",
        };
        let _ = writeln!(text, "  {new}{}: {sentence}", place(report, &finding.place));
    }
    if findings.len() > MAX_FINDINGS {
        let more = findings.len() - MAX_FINDINGS;
        let _ = writeln!(text, "  and {more} more; --format json has them all");
    }
    if let Some(basis) = first.rests_on {
        wrapped(text, "by:  ", basis);
    }
    wrapped(text, "why: ", rule.why);
    wrapped(text, "do:  ", rule.remedy);
}

fn place(report: &Report, place: &FindingLocation) -> String {
    let mut text = String::new();
    if report.hosts.len() > 1
        && let Some(host) = report.host(place.host)
    {
        let _ = write!(text, "{}  ", escaped(host));
    }
    let _ = write!(text, "{}", escaped(&place.subject.to_string()));
    if let Some(line) = report.line_of(place) {
        let _ = write!(text, " ({})", escaped(&line));
    }
    text
}

fn wrapped(text: &mut String, label: &str, reported: &str) {
    let mut line = format!("  {label}");
    let indent = line.len();
    for word in reported.split_whitespace() {
        if line.len() > indent && line.chars().count() + word.chars().count() >= WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(indent);
        }
        line.push_str(word);
        line.push(' ');
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

//! An audit's report as Markdown (CommonMark, with GitHub's tables).

use std::io::{self, Write};

use certbind_audit::fix::Fixes;
use certbind_audit::summary::{Cause, causes};
use certbind_audit::{FindingState, HostExport, Inventory, Report};

use crate::audit_summary;
use crate::terminal::escaped;

/// The most findings of a rule in the report. JSON has all of them.
const MAX_FINDINGS: usize = 40;

pub(crate) fn write(
    out: &mut impl Write,
    hosts: &[HostExport],
    inventory: &Inventory,
    report: &Report,
) -> io::Result<()> {
    let rules = audit_summary::rules(hosts, report);
    writeln!(out, "# TLS bindings audited\n")?;
    writeln!(out, "{}.\n", audit_summary::counts(report))?;
    if let Some(hosts) = audit_summary::not_assessed(report) {
        writeln!(out, "**{hosts}.**\n")?;
    }
    if let Some(week) = audit_summary::week(hosts, &rules, inventory, report) {
        writeln!(out, "{}\n", text(&week))?;
    }
    let fixes = Fixes::new(hosts, inventory, report);
    let causes = causes(&rules, report, inventory, &fixes, audit_summary::MAX_ITEMS);
    tasks(out, &causes, report)?;
    changes(out, report)?;
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "| Severity | Rule | Title | Extent |\n|---|---|---|---|"
    )?;
    for summary in &rules {
        let first = &summary.findings[0];
        let (rule, severity) = (first.rule, first.severity);
        let (title, extent) = (text(rule.title), summary.extent());
        writeln!(out, "| {severity} | {} | {title} | {extent} |", rule.id)?;
    }
    for summary in &rules {
        let rule = summary.findings[0].rule;
        writeln!(out, "\n## {}: {}\n", rule.id, text(rule.title))?;
        writeln!(out, "{}\n\n{}\n", text(rule.why), text(rule.remedy))?;
        for finding in summary.findings.iter().take(MAX_FINDINGS) {
            let host = report.host(finding.place.host);
            let host = host.map_or_else(String::new, |host| format!("{}, ", text(host)));
            let subject = text(&finding.place.subject.to_string());
            let line = report.line_of(&finding.place);
            let line = line.map_or_else(String::new, |line| format!(" ({})", text(&line)));
            let new = match finding.state {
                Some(FindingState::New) => "**new** ",
                _ => "",
            };
            let sentence = text(&finding.sentence);
            writeln!(out, "- {new}{host}{subject}{line}: {sentence}")?;
        }
        if let more @ 1.. = summary.findings.len().saturating_sub(MAX_FINDINGS) {
            writeln!(out, "- and {more} more; the JSON report has them all")?;
        }
    }
    Ok(())
}

/// The tasks, as on the page, with the commands that fix the first findings.
fn tasks(out: &mut impl Write, causes: &[Cause<'_>], report: &Report) -> io::Result<()> {
    if causes.is_empty() {
        return Ok(());
    }
    writeln!(out, "## What to do\n")?;
    for cause in causes {
        let (headline, place) = (text(&cause.headline), text(&cause.place));
        let id = cause.rule.findings[0].rule.id;
        writeln!(out, "- **{headline}**{place} ({id})")?;
        if let Some(remedy) = cause.remedy {
            writeln!(out, "  - {}", text(remedy))?;
        }
        for item in cause.items.iter().filter(|item| item.fix.is_some()) {
            write!(out, "  - {}:", text(&audit_summary::item(item, report)))?;
            for command in item.fix.iter().flat_map(|fix| &fix.commands) {
                // A command has no backtick, and nothing that cannot be seen.
                write!(out, " `{command}`")?;
            }
            writeln!(out)?;
        }
        if let Some(more) = cause.more.as_ref().filter(|_| cause.remedy.is_none()) {
            writeln!(
                out,
                "  - and {more}; the CSV report has the commands of all findings"
            )?;
        }
    }
    writeln!(out)
}

/// The changes since an earlier report.
fn changes(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let (Some(counts), Some(changes)) = (audit_summary::changes(report), &report.changes) else {
        return Ok(());
    };
    writeln!(out, "## {}\n", text(&counts))?;
    for (from, to) in &changes.renamed {
        let (from, to) = (text(from), text(to));
        writeln!(
            out,
            "- {to} is taken to be {from}, renamed: it has the same findings"
        )?;
    }
    if let Some(hint) = changes.rename_hint() {
        writeln!(out, "- {}", text(&hint))?;
    }
    let fixed = changes.fixed.iter().map(|finding| ("fixed", finding, None));
    let open = changes.not_assessed.iter();
    let open = open.map(|(finding, why)| ("not assessed", finding, Some(why)));
    let all = fixed.len() + open.len();
    for (state, finding, why) in fixed.chain(open).take(MAX_FINDINGS) {
        let place = text(&audit_summary::place(finding));
        let why = why.map_or_else(String::new, |why| format!(" ({})", text(why)));
        let (rule, sentence) = (text(&finding.rule), text(&finding.sentence));
        writeln!(out, "- **{state}** {rule}, {place}: {sentence}{why}")?;
    }
    if let more @ 1.. = all.saturating_sub(MAX_FINDINGS) {
        writeln!(out, "- and {more} more; the JSON report has them all")?;
    }
    writeln!(out)
}

/// Text without markup: CommonMark takes each ASCII punctuation character after a backslash for itself.
fn text(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + 8);
    for c in escaped(text).chars() {
        match c {
            // A number with a full stop begins a list.
            '.' if marked.bytes().all(|b| b.is_ascii_digit()) => marked.push_str("\\."),
            // Plain between words, and frequent.
            ' ' | ',' | ';' | ':' | '.' | '/' | '=' => marked.push(c),
            c if c.is_ascii_punctuation() => marked.extend(['\\', c]),
            c => marked.push(c),
        }
    }
    marked
}

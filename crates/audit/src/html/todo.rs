//! The tasks: a sentence for each cause, the most severe first, with the command that fixes it.

use std::io::{self, Write};

use certbind_core::CertHash;
use jiff::Timestamp;

use super::{short, text, week};
use crate::applications::IIS;
use crate::finding::Subject;
use crate::host_export::HostExport;
use crate::inventory::{Inventory, InventoryCertificate};
use crate::report::Report;
use crate::rules::day;
use crate::severity::Severity;
use crate::summary::{self, CertificateSummary, RuleSummary, counted};

/// The most certificates or places of a cause that are listed. The findings have them all.
const MAX_ITEMS: usize = 5;

/// The causes that are shown before the others are folded.
const FIRST: usize = 8;

/// Writes the list of causes. Notes are counted only.
pub(super) fn write(
    out: &mut impl Write,
    exports: &[HostExport],
    inventory: &Inventory,
    report: &Report,
) -> io::Result<()> {
    let rules = summary::rules(exports, report);
    let (notes, causes): (Vec<_>, Vec<_>) = rules
        .iter()
        .partition(|rule| rule.findings[0].severity == Severity::Note);
    writeln!(out, "<section>\n<h2 id=\"todo\">What to do</h2>")?;
    if causes.is_empty() {
        writeln!(out, "<p>Nothing has to be done.</p>")?;
    }
    week::write(out, exports, &rules, inventory, report.config.now)?;
    let (first, others) = causes.split_at(causes.len().min(FIRST));
    let list = |out: &mut dyn Write, causes: &[&RuleSummary<'_>]| -> io::Result<()> {
        writeln!(out, "<ol class=\"causes\">")?;
        for cause in causes {
            write_cause(out, cause, report, inventory)?;
        }
        writeln!(out, "</ol>")
    };
    list(out, first)?;
    if !others.is_empty() {
        let more = counted(others.len(), "more cause");
        writeln!(out, "<details><summary>{more}</summary>")?;
        list(out, others)?;
        writeln!(out, "</details>")?;
    }
    if !notes.is_empty() {
        let findings: usize = notes.iter().map(|rule| rule.findings.len()).sum();
        let (findings, rules) = (counted(findings, "note"), counted(notes.len(), "rule"));
        writeln!(
            out,
            "<p class=\"quiet\">And {findings} of {rules}: <a href=\"#findings\">good to know</a>, nothing breaks by them alone.</p>"
        )?;
    }
    writeln!(out, "</section>")
}

fn write_cause(
    out: &mut dyn Write,
    cause: &RuleSummary<'_>,
    report: &Report,
    inventory: &Inventory,
) -> io::Result<()> {
    let first = &cause.findings[0];
    let (rule, severity) = (first.rule, first.severity);
    writeln!(
        out,
        "<li><p><span class=\"badge {severity}\">{severity}</span> <b>{}</b>{} <a class=\"rule\" href=\"#{id}\">{id}</a></p>",
        text(&headline(cause, inventory, report)),
        text(&summary::place(cause.bindings, cause.hosts)),
        id = rule.id,
    )?;
    if cause.certificates.is_empty() {
        write_places(out, cause, report)?;
    } else {
        write_certificates(out, cause, inventory, report.config.now)?;
    }
    match command(rule.id, cause) {
        Some(command) => writeln!(
            out,
            "<p>Fix: <code class=\"command\">{}</code></p>",
            text(&command)
        )?,
        None if cause.certificates.is_empty() || !is_rotated(rule.id) => {
            writeln!(out, "<p>{}</p>", text(rule.remedy))?;
        }
        None => {}
    }
    writeln!(out, "</li>")
}

/// The sentence of a cause, without the extent.
fn headline(cause: &RuleSummary<'_>, inventory: &Inventory, report: &Report) -> String {
    let certificates = cause.certificates.len();
    let plural = |one: &str, many: &str| match certificates {
        1 => format!("1 {one}"),
        _ => format!("{certificates} {many}"),
    };
    match cause.findings[0].rule.id {
        summary::EXPIRED => plural("expired certificate", "expired certificates"),
        summary::EXPIRING => {
            let soon = plural("certificate expires soon", "certificates expire soon");
            match week::ending(cause, inventory, report.config.now).count() {
                0 => soon,
                this_week => format!("{soon}, {this_week} within a week,"),
            }
        }
        _ if certificates > 0 => format!(
            "{}: {}",
            counted(certificates, "certificate"),
            cause.findings[0].rule.title
        ),
        _ => cause.findings[0].rule.title.to_owned(),
    }
}

fn write_certificates(
    out: &mut dyn Write,
    cause: &RuleSummary<'_>,
    inventory: &Inventory,
    now: Timestamp,
) -> io::Result<()> {
    let rule = cause.findings[0].rule.id;
    let rotates = is_rotated(rule);
    let mut certificates = cause.certificates.clone();
    if rule == summary::EXPIRING {
        // The first to expire is the first to replace.
        let end = |it: &CertificateSummary| inventory.get(&it.hash).map(end_of);
        certificates.sort_by_key(end);
    }
    writeln!(out, "<ul>")?;
    for it in certificates.iter().take(MAX_ITEMS) {
        let known = inventory.get(&it.hash);
        let subject = known.map_or("a certificate that is not in the inventory", |known| {
            known.certificate.subject()
        });
        let end = known.map_or_else(String::new, |known| {
            let day = day(end_of(known));
            format!(", until <span class=\"day\">{day}</span>")
        });
        write!(
            out,
            "<li>{} <code>{}</code>{end}{}",
            text(&short(subject, 60)),
            it.hash,
            text(&summary::place(it.bindings, it.hosts)),
        )?;
        if rotates {
            let command = rotate(it, inventory, now);
            write!(out, "<br>Fix: <code class=\"command\">{command}</code>")?;
        }
        writeln!(out, "</li>")?;
    }
    more(out, cause.certificates.len(), "certificate")?;
    writeln!(out, "</ul>")
}

fn end_of(known: &InventoryCertificate) -> Timestamp {
    known.certificate.validity().not_after
}

fn write_places(out: &mut dyn Write, cause: &RuleSummary<'_>, report: &Report) -> io::Result<()> {
    let many = report.hosts.len() > 1;
    writeln!(out, "<ul>")?;
    for finding in cause.findings.iter().take(MAX_ITEMS) {
        let host = report.host(finding.place.host).filter(|_| many);
        let host = host.map_or_else(String::new, |host| format!("{} ", text(host)));
        writeln!(
            out,
            "<li>{host}<code>{}</code>: {}</li>",
            text(&finding.place.subject.to_string()),
            text(&short(&finding.sentence, 160)),
        )?;
    }
    more(out, cause.findings.len(), "finding")?;
    writeln!(out, "</ul>")
}

fn more(out: &mut dyn Write, count: usize, what: &str) -> io::Result<()> {
    match count.saturating_sub(MAX_ITEMS) {
        0 => Ok(()),
        more => writeln!(
            out,
            "<li class=\"quiet\">and {}</li>",
            counted(more, &format!("more {what}"))
        ),
    }
}

/// Whether another certificate fixes the rule's finding.
fn is_rotated(rule: &str) -> bool {
    [
        "CB101", "CB102", "CB104", "CB105", "CB106", "CB112", "CB113",
    ]
    .contains(&rule)
}

/// The rotation to the successor of the inventory, or to a hash that is still to be filled in.
fn rotate(of: &CertificateSummary, inventory: &Inventory, now: Timestamp) -> String {
    let new = successor(&of.hash, inventory, now);
    let new = new.map_or_else(|| "NEW-HASH".to_owned(), |hash| hash.to_string());
    format!("certbind rotate {} {new}", of.hash)
}

/// The certificate of the inventory for the same names that is valid the longest, if it is valid for longer and
/// has not expired.
fn successor(old: &CertHash, inventory: &Inventory, now: Timestamp) -> Option<CertHash> {
    let old = &inventory.get(old)?.certificate;
    let end = |it: &certbind_certificates::Certificate| it.validity().not_after;
    let others = inventory.iter().map(|known| &known.certificate);
    others
        .filter(|it| it.names() == old.names() && !it.names().is_empty())
        .filter(|it| end(it) > end(old) && end(it) > now)
        .max_by_key(|it| end(it))
        .map(|it| *it.hash())
}

/// The command that fixes the first finding of a cause, where it is one command.
fn command(rule: &str, cause: &RuleSummary<'_>) -> Option<String> {
    let key = match &cause.findings[0].place.subject {
        Subject::Binding(binding) => binding.key().to_string(),
        _ => "KEY".to_owned(),
    };
    Some(match rule {
        "CB005" => format!("certbind update {key} --store-name MY"),
        "CB009" => format!("certbind update {key} --verifyclientcertrevocation enable"),
        "CB011" => format!("certbind update {key} --usagecheck enable"),
        "CB013" => format!("certbind update {key} --disabletls12 disable"),
        "CB107" => format!("certbind update {key} --hash NEW-HASH"),
        "CB207" => "certbind heal --before EXPORT STORE".to_owned(),
        "CB401" | "CB404" => format!("certbind add KEY --hash HASH --app-id {{{IIS}}}"),
        "CB402" => format!("certbind delete {key}"),
        _ => return None,
    })
}

//! The tasks: a sentence for each cause, the most severe first, with the commands that fix it.

use std::io::{self, Write};

use super::{short, text};
use crate::finding::Finding;
use crate::fix::{Fix, Fixes};
use crate::host_export::HostExport;
use crate::inventory::Inventory;
use crate::report::Report;
use crate::severity::Severity;
use crate::summary::{self, Cause, CertificateItem, counted};

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
    let fixes = Fixes::new(exports, inventory, report);
    let causes = summary::causes(&rules, report, inventory, &fixes, MAX_ITEMS);
    writeln!(out, "<section>\n<h2 id=\"todo\">What to do</h2>")?;
    if causes.is_empty() {
        writeln!(out, "<p>Nothing has to be done.</p>")?;
    }
    let week = summary::week(exports, &rules, inventory, report.config.now);
    if !week.is_empty() {
        write!(out, "<p class=\"week\"><b>This week:</b>")?;
        for sentence in week {
            write!(out, " {}", text(&sentence.start))?;
            if let Some(day) = sentence.day {
                write!(out, " <span class=\"day\">{day}</span>")?;
            }
            write!(out, "{}", text(&sentence.end))?;
        }
        writeln!(out, "</p>")?;
    }
    let (first, others) = causes.split_at(causes.len().min(FIRST));
    let list = |out: &mut dyn Write, causes: &[Cause<'_>]| -> io::Result<()> {
        writeln!(out, "<ol class=\"causes\">")?;
        for cause in causes {
            write_cause(out, cause, report)?;
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
    let mut items = causes.iter().flat_map(|cause| &cause.items);
    if items.any(|item| item.fix.is_some()) {
        writeln!(
            out,
            "<p class=\"quiet\">Run the commands as administrator on the host of the finding, unless they \
             name a store. For hosts without certbind, <code>certbind rotate OLD NEW EXPORT <span \
             class=\"word\">--out</span> FOLDER</code> writes scripts that need netsh alone. The CSV report has the commands of all \
             findings.</p>"
        )?;
    }
    let notes = rules.iter();
    let notes = notes.filter(|rule| rule.findings[0].severity == Severity::Note);
    let (rules, findings) = notes.fold((0, 0), |(rules, findings), rule| {
        (rules + 1, findings + rule.findings.len())
    });
    if rules > 0 {
        let (findings, rules) = (counted(findings, "note"), counted(rules, "rule"));
        writeln!(
            out,
            "<p class=\"quiet\">And {findings} of {rules}: <a href=\"#findings\">good to know</a>, nothing breaks by them alone.</p>"
        )?;
    }
    writeln!(out, "</section>")
}

fn write_cause(out: &mut dyn Write, cause: &Cause<'_>, report: &Report) -> io::Result<()> {
    let first = &cause.rule.findings[0];
    writeln!(
        out,
        "<li><p><span class=\"badge {severity}\">{severity}</span> <b>{}</b>{} <a class=\"rule\" href=\"#{id}\">{id}</a></p>\n<ul>",
        text(&cause.headline),
        text(&cause.place),
        severity = first.severity,
        id = first.rule.id,
    )?;
    for item in &cause.items {
        write!(out, "<li>")?;
        if let Some(certificate) = &item.certificate {
            write_certificate(out, certificate)?;
        }
        if let Some(finding) = item.finding {
            write_place(out, finding, report)?;
            if item.alike > 0 {
                let alike = counted(item.alike, "more finding");
                write!(out, " <span class=\"quiet\">(and {alike})</span>")?;
            }
        }
        if let Some(fix) = &item.fix {
            write_fix(out, fix)?;
        }
        writeln!(out, "</li>")?;
    }
    if let Some(more) = &cause.more {
        writeln!(out, "<li class=\"quiet\">and {more}</li>")?;
    }
    writeln!(out, "</ul>")?;
    if let Some(remedy) = cause.remedy {
        writeln!(out, "<p>{}</p>", text(remedy))?;
    }
    writeln!(out, "</li>")
}

fn write_certificate(out: &mut dyn Write, certificate: &CertificateItem<'_>) -> io::Result<()> {
    let subject = certificate.subject;
    let subject = subject.unwrap_or("a certificate that is not in the inventory");
    let (subject, hash) = (text(&short(subject, 60)), certificate.hash);
    write!(out, "{subject} <code>{hash}</code>")?;
    if let Some(day) = certificate.until {
        write!(out, ", until <span class=\"day\">{day}</span>")?;
    }
    write!(out, "{}", text(&certificate.place))
}

fn write_place(out: &mut dyn Write, finding: &Finding, report: &Report) -> io::Result<()> {
    let many = report.hosts.len() > 1;
    let host = report.host(finding.place.host).filter(|_| many);
    let host = host.map_or_else(String::new, |host| format!("{} ", text(host)));
    write!(
        out,
        "{host}<code>{}</code>: {}",
        text(&finding.place.subject.to_string()),
        text(&short(&finding.sentence, 160)),
    )
}

fn write_fix(out: &mut dyn Write, fix: &Fix) -> io::Result<()> {
    let condition = fix
        .condition
        .as_ref()
        .map(|condition| format!(", if {condition}"));
    let condition = condition.unwrap_or_default();
    write!(out, "<div class=\"fix\">Fix{}:", text(&condition))?;
    for command in &fix.commands {
        // A line does not end within an option: a browser breaks words at hyphens.
        let words = command.split(' ').map(|word| match word {
            word if word.contains('-') && word.len() < 30 => {
                format!("<span class=\"word\">{}</span>", text(word))
            }
            word => text(word),
        });
        let words = words.collect::<Vec<_>>().join(" ");
        write!(out, " <code class=\"command\">{words}</code>")?;
    }
    write!(out, "</div>")?;
    Ok(())
}

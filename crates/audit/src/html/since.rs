//! The changes since the earlier report.

use std::io::{self, Write};

use super::text;
use crate::earlier::EarlierFinding;
use crate::report::Report;

/// The most findings of a list. JSON has them all.
const MAX_ITEMS: usize = 100;

/// Writes the section, if the report was compared with an earlier one.
pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let (Some(changes), Some(counts)) = (&report.changes, report.change_counts()) else {
        return Ok(());
    };
    writeln!(
        out,
        "<section>\n<h2 id=\"changes\">Since the report of <span class=\"day\">{:.0}</span></h2>\n<p><b>{}</b> new, <b>{}</b> fixed, \
         <b>{}</b> unchanged, <b>{}</b> not assessed.</p>",
        changes.since, counts.new, counts.fixed, counts.unchanged, counts.not_assessed
    )?;
    for (from, to) in &changes.renamed {
        let (from, to) = (text(from), text(to));
        writeln!(
            out,
            "<p class=\"quiet\">{to} is taken to be {from}, renamed: it has the same findings.</p>"
        )?;
    }
    if let Some(hint) = changes.rename_hint() {
        writeln!(out, "<p class=\"quiet\">{}.</p>", text(&hint))?;
    }
    let new: Vec<_> = report.new_findings().collect();
    let new = new.iter().map(|finding| {
        let place = place(
            report.host(finding.place.host),
            &finding.place.subject.to_string(),
        );
        format!("{} {place}: {}", finding.rule.id, text(&finding.sentence))
    });
    list(out, "New", counts.new, new)?;
    let earlier = |finding: &EarlierFinding| {
        let place = place(finding.host.as_deref(), &finding.subject.to_string());
        let (rule, sentence) = (text(&finding.rule), text(&finding.sentence));
        format!("{rule} {place}: {sentence}")
    };
    list(
        out,
        "Fixed",
        counts.fixed,
        changes.fixed.iter().map(earlier),
    )?;
    let open = changes.not_assessed.iter();
    let open = open.map(|(finding, why)| format!("{} ({})", earlier(finding), text(why)));
    list(out, "Not assessed", counts.not_assessed, open)?;
    writeln!(out, "</section>")
}

fn place(host: Option<&str>, subject: &str) -> String {
    let host = host.map_or_else(String::new, |host| format!("{} ", text(host)));
    format!("{host}<code>{}</code>", text(subject))
}

fn list(
    out: &mut impl Write,
    title: &str,
    count: usize,
    items: impl Iterator<Item = String>,
) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    writeln!(out, "<details><summary>{title} ({count})</summary>\n<ul>")?;
    for item in items.take(MAX_ITEMS) {
        writeln!(out, "<li>{item}</li>")?;
    }
    if let more @ 1.. = count.saturating_sub(MAX_ITEMS) {
        writeln!(
            out,
            "<li>and {more} more; the JSON report has them all</li>"
        )?;
    }
    writeln!(out, "</ul></details>")
}

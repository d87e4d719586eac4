//! An audit's report as a table for spreadsheets (RFC 4180).

use std::io::{self, Write};

use certbind_audit::fix::Fixes;
use certbind_audit::{EarlierFinding, Finding, HostExport, Inventory, Report, Subject};
use certbind_core::Binding;
use certbind_formats::RegistryLocation;

use crate::terminal::escaped;

/// A row of the table.
type Row<T> = [T; 17];

const COLUMNS: Row<&str> = [
    "row",
    "host",
    "subject",
    "severity",
    "rule",
    "title",
    "sentence",
    "certificate",
    "application",
    "source",
    "line",
    "state",
    "key_written",
    "registry_key",
    "offset",
    "fix_if",
    "fix",
];

/// The column of the commands that fix a finding.
const FIX: usize = 16;

/// A row for each binding, each finding, each waived finding, and each earlier finding that was
/// fixed or not assessed.
pub(crate) fn write(
    out: &mut impl Write,
    hosts: &[HostExport],
    inventory: &Inventory,
    report: &Report,
) -> io::Result<()> {
    let fixes = Fixes::new(hosts, inventory, report);
    row(out, COLUMNS.map(str::to_owned))?;
    for (host, summary) in hosts.iter().zip(&report.hosts) {
        for binding in &host.reading.export.bindings {
            let mut cells = cells("binding");
            cells[1].clone_from(&summary.name);
            cells[9] = summary.source.clone().unwrap_or_default();
            let written = host.reading.export.times.get(binding.key());
            cells[12] = written.map(ToString::to_string).unwrap_or_default();
            of_binding(&mut cells, report, binding);
            of_registry(&mut cells, host.reading.registry.get(binding.key()));
            row(out, cells)?;
        }
    }
    for finding in &report.findings {
        let mut cells = of_finding("finding", report, finding);
        if let Some(fix) = fixes.of(finding) {
            cells[FIX - 1] = fix.condition.unwrap_or_default();
            cells[FIX] = fix.commands.join("\n");
        }
        row(out, cells)?;
    }
    for waived in &report.waived {
        row(out, of_finding("waived", report, &waived.finding))?;
    }
    let Some(changes) = &report.changes else {
        return Ok(());
    };
    for finding in &changes.fixed {
        row(out, of_earlier(finding, "fixed"))?;
    }
    for (finding, _) in &changes.not_assessed {
        row(out, of_earlier(finding, "not assessed"))?;
    }
    Ok(())
}

fn cells(kind: &str) -> Row<String> {
    let mut cells: Row<String> = Default::default();
    cells[0] = kind.to_owned();
    cells
}

fn of_binding(cells: &mut Row<String>, report: &Report, binding: &Binding) {
    let record = binding.record();
    cells[2] = binding.key().to_string();
    cells[7] = record.hash().map(ToString::to_string).unwrap_or_default();
    cells[8] = match report.config.application(&record.app_id) {
        Some(name) => name.to_owned(),
        None => format!("{{{}}}", record.app_id),
    };
}

fn of_registry(cells: &mut Row<String>, key: Option<&RegistryLocation>) {
    if let Some(key) = key {
        cells[13].clone_from(&key.path);
        cells[14] = key.offset.map(|at| at.to_string()).unwrap_or_default();
    }
}

fn of_finding(kind: &str, report: &Report, finding: &Finding) -> Row<String> {
    let mut cells = cells(kind);
    let host = finding.place.host.and_then(|host| report.hosts.get(host));
    if let Subject::Binding(binding) = &finding.place.subject {
        of_binding(&mut cells, report, binding);
    }
    if let Subject::Certificate(hash) = &finding.place.subject {
        cells[7] = hash.to_string();
    }
    cells[1] = host.map(|host| host.name.clone()).unwrap_or_default();
    cells[2] = finding.place.subject.to_string();
    cells[3] = finding.severity.to_string();
    cells[4] = finding.rule.id.to_owned();
    cells[5] = finding.rule.title.to_owned();
    cells[6] = finding.sentence.to_string();
    cells[9] = report
        .file_of(&finding.place)
        .unwrap_or_default()
        .to_owned();
    let line = finding.place.line.map(|line| line.to_string());
    cells[10] = line.unwrap_or_default();
    of_registry(&mut cells, finding.place.registry.as_deref());
    cells[11] = finding
        .state
        .map(|it| it.name().to_owned())
        .unwrap_or_default();
    cells
}

/// A finding of the earlier report that is absent from this one.
fn of_earlier(finding: &EarlierFinding, state: &str) -> Row<String> {
    let mut cells = cells("earlier");
    cells[1] = finding.host.clone().unwrap_or_default();
    cells[2] = finding.subject.to_string();
    cells[3] = finding.severity.to_string();
    cells[4].clone_from(&finding.rule);
    cells[6].clone_from(&finding.sentence);
    cells[11] = state.to_owned();
    cells
}

fn row(out: &mut impl Write, cells: Row<String>) -> io::Result<()> {
    let commands = cells[FIX].lines().map(cell).collect::<Vec<_>>();
    let mut cells = cells.map(|text| cell(&text));
    // The commands of a fix are lines of one cell.
    cells[FIX] = match commands.len() {
        0 => cell(""),
        _ => commands.join("\n").replace("\"\n\"", "\n"),
    };
    write!(out, "{}\r\n", cells.join(","))
}

/// A cell. A spreadsheet takes a text that begins with one of these characters for a formula; an
/// apostrophe before it keeps it a text (OWASP, "CSV Injection").
fn cell(text: &str) -> String {
    let text = escaped(text);
    let is_formula = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let mark = if is_formula { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

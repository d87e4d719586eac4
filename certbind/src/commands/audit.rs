//! `audit`: reports problems of the bindings of exports.

use std::io::{self, Write};

use certbind_audit::fix::Fixes;
use certbind_audit::json::JsonReport;
use certbind_audit::{HostExport, Inventory, Report, html, sarif};
use certbind_formats::WarningKind;

use crate::audit_metrics::CheckState;
use crate::cli::audit::{Audit, ReportFormat};
use crate::error::Error;
use crate::exit;
use crate::input::Input;
use crate::output_file;
use crate::print::print;
use crate::progress::Progress;
use crate::terminal::{EscapingJson, exact_stdout};
use crate::warnings::WarningSummary;
use crate::{audit_baselines, audit_csv, audit_markdown, audit_metrics, audit_text};

/// The rule about hosts of which nothing could be read: the audit is not complete.
const UNREADABLE: &str = "CB027";

pub(crate) fn run(arguments: &Audit) -> Result<u8, Error> {
    let audited = audited(arguments);
    match audited {
        // A monitoring system shows standard output, and takes code 2 for a critical state.
        Err(error) if arguments.is_check() => {
            let line = audit_metrics::status(CheckState::Unknown, &error.to_string());
            print(&format!("{line}\n"))?;
            Ok(CheckState::Unknown as u8)
        }
        audited => audited.map_err(|error| Error::Audit(Box::new(error))),
    }
}

fn audited(arguments: &Audit) -> Result<u8, Error> {
    if arguments.reads_input_twice() {
        return Err(Error::InputTwice);
    }
    let config = arguments.configuration()?;
    let mut earlier = arguments.earlier()?;
    let progress = Progress::new();
    progress.at("Reading certificates");
    let inventory = arguments.inventory()?;
    let (mut hosts, folders) = arguments.hosts(|step| progress.at(step))?;
    #[cfg(feature = "etcd")]
    let failed = super::fleet::audited(arguments, &mut hosts)?;
    #[cfg(not(feature = "etcd"))]
    let failed = 0;
    for host in &mut hosts {
        host.store = store_of(host);
    }
    arguments.read_sites(&mut hosts, &folders)?;
    arguments.compare_with_earlier(&mut hosts, earlier.as_mut())?;
    warn_of_form(&hosts);
    progress.at("Auditing");
    let mut report = certbind_audit::audit(&hosts, &inventory, &config);
    if let Some(earlier) = &earlier {
        report.compare(earlier, &hosts, &inventory);
    }
    drop(progress);
    let unreadable = report
        .findings
        .iter()
        .any(|finding| finding.rule.id == UNREADABLE);
    let code = match arguments.fails(&report) {
        _ if arguments.is_check() => CheckState::of(&report) as u8,
        _ if failed > 0 || unreadable => exit::NOT_AUDITED,
        _ if hosts.iter().any(is_partly_read) => exit::PARTLY_READ,
        true => exit::FOUND,
        false => exit::DONE,
    };
    let id = arguments.automation_id.as_deref();
    let write = |out: &mut dyn Write, format| write(out, &hosts, &inventory, &report, format, id);
    for path in &arguments.output {
        let format = arguments.format(Some(path));
        output_file::write(path, |out| write(out, format))?;
    }
    if arguments.output.is_empty() {
        write(&mut exact_stdout(), arguments.format(None))?;
    }
    if let Some(folder) = &arguments.save_baseline {
        audit_baselines::save(folder, &hosts)?;
    }
    Ok(code)
}

/// The URL of the binding store that a host was read from.
fn store_of(host: &HostExport) -> Option<String> {
    match host.source.as_deref()?.parse() {
        Ok(Input::Store(url)) => Some(url.to_string()),
        _ => None,
    }
}

/// Whether a host is a binding store of which parts could not be read.
fn is_partly_read(host: &HostExport) -> bool {
    host.store.is_some() && !host.reading.errors.is_empty()
}

/// Prints warnings about the spelling of exports, which are not findings about a host.
fn warn_of_form(hosts: &[HostExport]) {
    let mut summary = WarningSummary::default();
    for warning in hosts.iter().flat_map(|host| &host.reading.warnings) {
        if matches!(warning.kind, WarningKind::Default | WarningKind::Spelling) {
            summary.add(warning.clone());
        }
    }
    summary.warn(&[]);
}

fn write(
    mut out: &mut dyn Write,
    hosts: &[HostExport],
    inventory: &Inventory,
    report: &Report,
    format: ReportFormat,
    automation_id: Option<&str>,
) -> Result<(), Error> {
    match format {
        ReportFormat::Html => html::write(&mut out, hosts, inventory, report)?,
        ReportFormat::Csv => audit_csv::write(&mut out, hosts, inventory, report)?,
        ReportFormat::Text => {
            out.write_all(audit_text::of(hosts, inventory, report).as_bytes())?;
        }
        ReportFormat::Markdown => audit_markdown::write(&mut out, hosts, inventory, report)?,
        ReportFormat::Prometheus => audit_metrics::prometheus(&mut out, hosts, inventory, report)?,
        ReportFormat::Check => {
            out.write_all(audit_metrics::check_line(hosts, report).as_bytes())?;
        }
        ReportFormat::Json => {
            let fixes = Fixes::new(hosts, inventory, report);
            let report = JsonReport::of(report).with_fixes(&fixes);
            serde_json::to_writer_pretty(EscapingJson(&mut out), &report)
                .map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
        ReportFormat::Sarif => {
            let mut log = sarif::Log::of(report);
            if let Ok(directory) = std::env::current_dir() {
                log = log.in_directory(&directory.to_string_lossy());
            }
            if let Some(id) = automation_id {
                log = log.with_id(id);
            }
            serde_json::to_writer(EscapingJson(&mut out), &log).map_err(io::Error::from)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(out.flush()?)
}

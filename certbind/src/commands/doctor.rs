//! `doctor`: reports a host's answers to the open questions about HTTP.sys.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use certbind_core::{BindingKey, BindingStore, Kind, Scan, StoreError};
use certbind_httpsys::{Diagnosis, HttpSysStore, RecoveryTime, WriteProbe, diagnose};
use certbind_simulator::Windows;
use serde::Serialize;

use crate::cli::doctor::Doctor;
use crate::cli::output::Format;
use crate::error::Error;
use crate::exit;
use crate::message::warn;
use crate::output_file;
use crate::print::{print, print_json};
use crate::progress::Progress;
use crate::stores::StoreUrl;
use crate::terminal::escaped;

/// How long the first retry of a call waits.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// The report as JSON.
#[derive(Serialize)]
struct Report<'a> {
    host: String,
    findings: Vec<Row<'a>>,
    not_probed: &'a BTreeMap<&'static str, String>,
    unreadable: &'a [String],
    kinds: Vec<String>,
    has_update: bool,
    calls: u32,
    average_call_ms: f64,
    /// Keys of the write probe that are still bound.
    left: &'a [BindingKey],
}

#[derive(Serialize)]
struct Row<'a> {
    option: &'a str,
    answer: &'a str,
    /// Whether the simulator answers so by default.
    is_default: bool,
    evidence: &'a str,
}

pub(crate) fn run(url: &StoreUrl, arguments: &Doctor) -> Result<u8, Error> {
    let api = |url: &StoreUrl| match url.api() {
        Some(api) => api.map_err(Error::from),
        None => Err(Error::Store(StoreError::Unsupported {
            what: format!("doctor on {url}: it probes httpsys: or httpsys:LIBRARY").into(),
        })),
    };
    let writes = match arguments.hash.filter(|_| arguments.write) {
        Some(certificate) => {
            unused(url, api(url)?, arguments.port)?;
            Some(WriteProbe {
                certificate,
                store_name: arguments.store_name.clone(),
                port: arguments.port,
            })
        }
        None => None,
    };
    let progress = Progress::new();
    progress.at(format!("Probing {url}"));
    let found = diagnose(api(url)?, writes.as_ref(), RETRY_PAUSE);
    drop(progress);
    if let Some(path) = &arguments.simulator {
        let text = profile(&found);
        output_file::write(path, |file| Ok(file.write_all(text.as_bytes())?))?;
    }
    match arguments.output.format {
        Format::Table => print(&in_words(url, &found))?,
        Format::Json => print_json(&report(url, &found))?,
    }
    for key in &found.left {
        warn(&escaped(&format!(
            "{key} was bound by the probe and could not be deleted; delete it"
        )));
    }
    Ok(match found.left.is_empty() {
        true => exit::DONE,
        false => exit::REFUSED,
    })
}

/// Fails if a key of the port is bound, or if that cannot be found out.
fn unused(
    url: &StoreUrl,
    api: std::sync::Arc<dyn certbind_httpapi_abi::HttpApi>,
    port: u16,
) -> Result<(), Error> {
    let store = HttpSysStore::builder(api).recovery(RecoveryTime::FirstChange);
    for binding in store.open()?.scan(&Scan::all())? {
        let binding = binding?;
        if binding.key().port().get() == port {
            return Err(Error::Store(StoreError::Unsupported {
                what: format!(
                    "doctor --write on port {port} of {url}: {} is bound; choose another with --unused-port",
                    binding.key()
                )
                .into(),
            }));
        }
    }
    Ok(())
}

/// A configuration of the simulator with these answers. Answers without a value of an option are
/// comments.
fn profile(found: &Diagnosis) -> String {
    let mut text = String::from(
        "# Answers of a host to the open questions about HTTP.sys, by certbind doctor.\n\
         # docs/fidelity.md explains the options.\n",
    );
    if !found.kinds.contains(&Kind::Ccs) && !found.kinds.is_empty() {
        text.push_str("profile = \"7\"\n");
    }
    text.push_str("\n[windows]\n");
    for finding in &found.findings {
        let is_known = Windows::default()
            .set(finding.option, &finding.answer)
            .is_ok();
        let comment = if is_known { "" } else { "# " };
        let answer = &finding.answer;
        let value = match answer.parse::<u32>() {
            Ok(code) => code.to_string(),
            Err(_) => format!("{answer:?}"),
        };
        let _ = writeln!(text, "{comment}{} = {value}", finding.option);
    }
    if !found.not_probed.is_empty() {
        text.push_str("\n# Not probed:\n");
    }
    for (option, why) in &found.not_probed {
        let _ = writeln!(text, "# {option}: {}", escaped(why));
    }
    for unreadable in &found.unreadable {
        let _ = writeln!(text, "# unreadable: {}", escaped(unreadable));
    }
    text
}

fn report<'a>(url: &StoreUrl, found: &'a Diagnosis) -> Report<'a> {
    let rows = found.findings.iter().map(|finding| Row {
        option: finding.option,
        answer: &finding.answer,
        is_default: is_default(finding.option, &finding.answer),
        evidence: &finding.evidence,
    });
    Report {
        host: url.to_string(),
        findings: rows.collect(),
        not_probed: &found.not_probed,
        unreadable: &found.unreadable,
        kinds: found.kinds.iter().map(ToString::to_string).collect(),
        has_update: found.has_update,
        calls: found.calls,
        average_call_ms: found.call_time.as_secs_f64() * 1000.0,
        left: &found.left,
    }
}

fn in_words(url: &StoreUrl, found: &Diagnosis) -> String {
    let mut text = format!("{}: {} calls", escaped(&url.to_string()), found.calls);
    let time = found.call_time.as_millis();
    if time > 0 {
        let _ = write!(text, ", {time} ms each");
    }
    text.push_str("\n\nOPTION                ANSWER         EVIDENCE\n");
    for finding in &found.findings {
        let mark = match is_default(finding.option, &finding.answer) {
            true => "",
            false => "   <- not the simulator's default",
        };
        let line = format!(
            "{:<21} {:<14} {}{mark}",
            finding.option, finding.answer, finding.evidence
        );
        let _ = writeln!(text, "{}", escaped(&line));
    }
    if !found.not_probed.is_empty() {
        text.push_str("\nNot probed:\n");
    }
    for (option, why) in &found.not_probed {
        let _ = writeln!(text, "  {option}: {}", escaped(why));
    }
    if !found.unreadable.is_empty() {
        text.push_str("\nUnreadable:\n");
    }
    for unreadable in &found.unreadable {
        let _ = writeln!(text, "  {}", escaped(unreadable));
    }
    text
}

fn is_default(option: &str, answer: &str) -> bool {
    let mut options = Windows::OPTIONS.iter();
    options.any(|known| known.name == option && known.default == answer)
}

//! `rotate --out`: the renewal of many hosts, from their exports to a folder with scripts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use certbind_core::{Binding, BindingStore, CertHash, MemoryStore};
use certbind_formats::netsh::{self, Layout, Release};
use certbind_formats::{Export, json};
use certbind_migrate::{FleetPlan, Plan, Purpose, Warning, owners};
use serde::Serialize;

use super::selection::{Selection, already};
use super::{plan, scripts};
use crate::changes::counted;
use crate::cli::output::Format;
use crate::cli::rotate::{Renewal, Rotate};
use crate::error::Error;
use crate::export_set::{self, HostExport};
use crate::input::Input;
use crate::output_file;
use crate::print::{json_text, print};
use crate::terminal::escaped;
use crate::{exit, plan_text};

/// The file with the plans of all hosts.
pub(super) const PLAN: &str = "plan.json";

/// The summary that an operator attaches to a change ticket.
#[derive(Serialize)]
struct Summary<'a> {
    old: Option<&'a CertHash>,
    new: &'a CertHash,
    hosts: BTreeMap<&'a str, HostSummary>,
}

#[derive(Serialize)]
struct HostSummary {
    /// The keys that are renewed.
    renewed: Vec<String>,
    /// The number of unchanged bindings.
    unchanged: u64,
    /// How many bindings use the new certificate already.
    already: usize,
    /// The applications that also have to be configured with the new certificate.
    owners: Vec<Warning>,
    /// The scripts, relative to the folder.
    scripts: Vec<String>,
}

pub(super) fn run(folder: &Path, arguments: &Rotate, renewal: &Renewal) -> Result<u8, Error> {
    let hosts = export_set::read(&renewal.exports)?;
    let all = || {
        let bindings = hosts.values().flat_map(|host| &host.contents.bindings);
        Ok(bindings.cloned().collect())
    };
    let selection = Selection::of(arguments, renewal, all)?;
    let mut plans = Vec::new();
    let mut summary = Summary {
        old: selection.old(),
        new: selection.successor(),
        hosts: BTreeMap::new(),
    };
    for (name, host) in &hosts {
        let (plan, host_summary) = planned(&selection, host)?;
        summary.hosts.insert(name, host_summary);
        plans.push((name.clone(), plan));
    }
    let before = summary.hosts.values().map(|host| host.already).sum();
    let nothing = plans
        .iter()
        .all(|(_, plan)| plan.changes().next().is_none());
    if nothing && before == 0 {
        return Err(selection.nothing());
    }
    scripts::make_folder(folder)?;
    for (name, plan) in &plans {
        let Some(host) = hosts.get(name) else {
            continue;
        };
        let files = write_host(&folder.join(name), plan, host, arguments)?;
        if let Some(host) = summary.hosts.get_mut(name.as_str()) {
            host.scripts = files.iter().map(|file| format!("{name}/{file}")).collect();
        }
    }
    plan::save(&folder.join(PLAN), &FleetPlan::new(plans.clone()).to_json())?;
    let text = text(&summary, &plans);
    let json = json_text(&summary)?;
    for (name, contents) in [
        ("summary.txt", &plain(&text)),
        ("summary.json", &json),
        ("summary.html", &html(&summary, &plans)),
    ] {
        output_file::write(&folder.join(name), |out| {
            Ok(out.write_all(contents.as_bytes())?)
        })?;
    }
    match arguments.output.format {
        Format::Json => print(&json)?,
        Format::Table if nothing => print(&already(before, &selection))?,
        Format::Table => print(&format!(
            "{text}Wrote the scripts and the summary to {}\n",
            escaped(&folder.display().to_string())
        ))?,
    }
    Ok(exit::DONE)
}

/// The plan of a host. One without a binding to renew has a plan without changes.
fn planned(selection: &Selection, host: &HostExport) -> Result<(Plan, HostSummary), Error> {
    let store = MemoryStore::new();
    for binding in &host.contents.bindings {
        store.insert(binding.clone())?;
    }
    let name = plan::name(&Input::File(host.path.clone()));
    let header = plan::header(Purpose::Rotate, None, name);
    let bindings = host.contents.bindings.len() as u64;
    let plan = match selection.plan(&store, &header) {
        Err(error) if error.is_nothing_to_rotate() => {
            Plan::new(header, Vec::new(), bindings, Vec::new())?
        }
        plan => plan?,
    };
    let renewed: Vec<_> = plan.changes().map(|step| step.key().to_string()).collect();
    let summary = HostSummary {
        unchanged: bindings - renewed.len() as u64,
        renewed,
        already: selection.renewed(&store)?,
        owners: owners(&plan),
        scripts: Vec::new(),
    };
    Ok((plan, summary))
}

/// The scripts and the listings of a host.
fn write_host(
    folder: &Path,
    plan: &Plan,
    host: &HostExport,
    arguments: &Rotate,
) -> Result<Vec<String>, Error> {
    scripts::make_folder(folder)?;
    let layout = host.contents.reading.as_ref();
    let layout = layout.and_then(|reading| reading.export.layout.as_ref());
    let after = after(plan, &host.contents.bindings);
    for (name, bindings) in [("before", &host.contents.bindings), ("after", &after)] {
        listings(folder, name, bindings, layout)?;
    }
    if plan.changes().next().is_none() {
        return Ok(Vec::new());
    }
    let files = scripts::write(folder, plan, &arguments.scripts, layout)?;
    let names = files.iter().filter_map(|file| file.file_name());
    Ok(names.map(|it| it.to_string_lossy().into_owned()).collect())
}

/// All bindings of a host once a plan is applied.
pub(super) fn after(plan: &Plan, before: &[Binding]) -> Vec<Binding> {
    let changed = |binding: &Binding| {
        let mut steps = plan.changes();
        let step = steps.find(|step| step.key() == binding.key());
        match step {
            Some(step) => step.new_value().cloned(),
            None => Some(binding.clone()),
        }
    };
    before.iter().filter_map(changed).collect()
}

/// The bindings as JSON, and as netsh lists them if it can.
fn listings(
    folder: &Path,
    name: &str,
    bindings: &[Binding],
    layout: Option<&Layout>,
) -> Result<(), Error> {
    let export = Export {
        bindings: bindings.to_vec(),
        ..Export::default()
    };
    let path = folder.join(format!("{name}.json"));
    output_file::write(&path, |mut out| Ok(json::write(&mut out, &export)?))?;
    let layout = layout
        .cloned()
        .unwrap_or_else(|| Release::default().layout());
    let path = folder.join(format!("{name}.txt"));
    let mut listing = Vec::new();
    match netsh::write_checked(&mut listing, &export, &layout) {
        Ok(_) => output_file::write(&path, |out| Ok(out.write_all(&listing)?)),
        // A value that no listing can show is in the JSON file.
        Err(_) => Ok(()),
    }
}

fn text(summary: &Summary<'_>, plans: &[(String, Plan)]) -> String {
    let mut text = String::new();
    let (mut bindings, mut hosts) = (0, 0);
    for (name, plan) in plans {
        let Some(host) = summary.hosts.get(name.as_str()) else {
            continue;
        };
        let renewed = host.renewed.len();
        bindings += renewed;
        hosts += usize::from(renewed > 0);
        let already = match host.already {
            0 => String::new(),
            count => format!(", {count} renewed before"),
        };
        let _ = writeln!(
            text,
            "{}: {renewed} to renew, {} unchanged{already}",
            escaped(name),
            host.unchanged
        );
        for key in &host.renewed {
            let _ = writeln!(text, "  {}", escaped(key));
        }
        for warning in plan.warnings() {
            let _ = writeln!(text, "  warning: {}", escaped(&warning.to_string()));
        }
    }
    let of = summary.hosts.len();
    let _ = writeln!(text, "{} of {hosts} of {of} hosts", counted(bindings));
    if let Some(old) = summary.old {
        let _ = writeln!(text, "  from {old}");
    }
    let _ = writeln!(text, "  to   {}", summary.new);
    text
}

/// The text without colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn html(summary: &Summary<'_>, plans: &[(String, Plan)]) -> String {
    let safe = |text: &str| {
        let text = escaped(text);
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Certificate \
         renewal</title>\n<style>body{{font-family:sans-serif}}td,th{{text-align:left;\
         padding:2px 12px;vertical-align:top}}</style></head>\n<body><h1>Certificate renewal</h1>\n\
         <p>New certificate: <code>{}</code></p>\n",
        summary.new
    );
    if let Some(old) = summary.old {
        let _ = writeln!(page, "<p>Old certificate: <code>{old}</code></p>");
    }
    page.push_str("<table><tr><th>Host</th><th>Renewed</th><th>Unchanged</th></tr>\n");
    for (name, _) in plans {
        let Some(host) = summary.hosts.get(name.as_str()) else {
            continue;
        };
        let keys: Vec<_> = host.renewed.iter().map(|key| safe(key)).collect();
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            safe(name),
            keys.join("<br>"),
            host.unchanged
        );
    }
    page.push_str("</table>\n<h2>Changes</h2>\n");
    for (name, plan) in plans {
        if plan.changes().next().is_some() {
            let changes = plain(&plan_text::of(plan));
            let _ = writeln!(
                page,
                "<h3>{}</h3>\n<pre>{}</pre>",
                safe(name),
                safe_lines(&changes)
            );
        }
    }
    page.push_str("</body></html>\n");
    page
}

/// Text whose data is escaped already, with its lines.
fn safe_lines(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

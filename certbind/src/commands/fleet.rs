//! Commands for a single store, executed for every host of `--fleet`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use certbind_audit::{HostExport, NotAssessed};
use certbind_core::Binding;
use certbind_migrate::{FleetPlan, Purpose};
use serde_json::{Map, Value, json};

use super::selection::{Renewed, Selection, already};
use super::{diff, export, fleet_plan, plan};
use crate::changes;
use crate::cli::Command;
use crate::cli::audit::Audit;
use crate::cli::diff::Diff;
use crate::cli::export::{Export, ExportFormat};
use crate::cli::list::Filter;
use crate::cli::output::Format;
use crate::cli::rotate::Rotate;
use crate::cli::script::Scripts;
use crate::error::Error;
use crate::file_name;
use crate::fleet::{FleetOptions, FleetUrl, counted, visit};
use crate::folders;
use crate::input::{Input, scan_all};
use crate::message::warn;
use crate::print::{print, print_json, print_json_text};
use crate::readable::Readable;
use crate::terminal::escaped;
use crate::{exit, output_file, table};

/// Runs a command, if it is one for a fleet.
pub(crate) fn run(command: &Command) -> Option<Result<u8, Error>> {
    let of = |options: &FleetOptions| Some((options.fleet.clone()?, options.jobs));
    Some(match command {
        Command::List(arguments) => {
            let (url, jobs) = of(&arguments.fleet)?;
            super::list::searched(arguments, |filter| {
                list(&url, jobs, filter, arguments.output.format)
            })
        }
        Command::Rotate(arguments) => {
            let (url, jobs) = of(&arguments.fleet)?;
            renew(&url, jobs, arguments)
        }
        Command::Export(arguments) => {
            let (url, jobs) = of(&arguments.fleet)?;
            exported(&url, jobs, arguments)
        }
        Command::Diff(arguments) => {
            let (url, jobs) = of(&arguments.fleet)?;
            compared(&url, jobs, arguments).map_err(|error| Error::Diff(Box::new(error)))
        }
        Command::Apply(arguments) => {
            let (url, _) = of(&arguments.fleet)?;
            fleet_plan::apply(arguments, &url)
        }
        _ => return None,
    })
}

/// The hosts of `audit --fleet`, appended to those that are named. Returns how many could not be
/// read.
pub(super) fn audited(arguments: &Audit, hosts: &mut Vec<HostExport>) -> Result<usize, Error> {
    let Some(url) = &arguments.fleet.fleet else {
        return Ok(0);
    };
    let visited = visit(url, arguments.fleet.jobs, |_, store| scan_all(store))?;
    for (host, bindings) in visited.hosts {
        let mut export = HostExport::of_bindings(host.as_str(), bindings);
        export.source = Some(url.of(&host));
        hosts.push(export);
    }
    for (host, error) in visited.errors {
        let mut export = HostExport::unassessed(host.as_str(), NotAssessed::Unreadable(error));
        export.source = Some(url.of(&host));
        hosts.push(export);
    }
    Ok(visited.failed)
}

fn list(url: &FleetUrl, jobs: NonZeroUsize, filter: &Filter, format: Format) -> Result<u8, Error> {
    let mut visited = visit(url, jobs, |_, store| scan_all(store))?;
    for (_, bindings) in &mut visited.hosts {
        bindings.retain(|binding| filter.matches(binding));
    }
    let all = visited.hosts.len();
    if !filter.is_empty() {
        visited.hosts.retain(|(_, bindings)| !bindings.is_empty());
    }
    let bindings = visited.hosts.iter().map(|(_, bindings)| bindings.len());
    let matches = bindings.sum();
    match format {
        Format::Json => {
            let hosts = visited.hosts.iter();
            let hosts = hosts.map(|(host, bindings)| (host.to_string(), json!(bindings)));
            print_json(&hosts.collect::<Map<String, Value>>())?;
        }
        Format::Table => {
            let mut text = String::new();
            for (host, bindings) in &visited.hosts {
                text.push_str(&format!("{host}: {}\n", changes::counted(bindings.len())));
                if !bindings.is_empty() {
                    text.push_str(&format!("{}\n\n", table::of(bindings)));
                }
            }
            let bindings = changes::counted(matches);
            text.push_str(&format!("{bindings} of {}\n", counted(all)));
            print(&text)?;
        }
    }
    Ok(match visited.failed {
        0 => super::list::code(filter, matches),
        _ if filter.is_empty() => exit::REFUSED,
        _ => exit::NOT_SEARCHED,
    })
}

/// Writes a file for each host, whose name is the host's.
fn exported(url: &FleetUrl, jobs: NonZeroUsize, arguments: &Export) -> Result<u8, Error> {
    let folder = arguments.output.as_deref().ok_or(Error::NoFolder)?;
    folders::create(folder).map_err(|source| Error::WriteFile {
        path: folder.to_owned(),
        source,
    })?;
    let visited = visit(url, jobs, |host, store| {
        let header = export::header(Some(host.to_string()), url.of(host));
        file_name::check(host.as_str()).map_err(|problem| Error::HostFileName {
            host: host.to_string(),
            problem,
        })?;
        let path = folder.join(format!("{host}.{}", extension(arguments.format)));
        output_file::write(&path, |out| {
            let origin = export::Origin {
                header,
                ..export::Origin::default()
            };
            export::write(out, &Readable::new(store), origin, arguments)
        })
    })?;
    let hosts = counted(visited.hosts.len());
    let folder = folder.display().to_string();
    print(&format!("Exported {hosts} to {}\n", escaped(&folder)))?;
    Ok(code(visited.failed))
}

fn extension(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Json => "json",
        ExportFormat::Netsh => "txt",
        ExportFormat::NetshScript => "cmd",
        ExportFormat::NetshPowershell => "ps1",
        ExportFormat::Snapshot => "snapshot",
        ExportFormat::Reg => "reg",
        ExportFormat::Toml => "toml",
    }
}

/// Refuses `--out`: the hosts of a fleet have certbind, and need no scripts.
fn no_scripts(scripts: &Scripts) -> Result<(), Error> {
    match &scripts.out {
        None => Ok(()),
        Some(_) => Err(Error::Rotate {
            problem:
                "--out cannot be used with --fleet; write a plan with `rotate --fleet --export`"
                    .to_owned(),
        }),
    }
}

/// Compares each host with its export in a folder. A host on one side alone is added or removed as
/// a whole.
fn compared(url: &FleetUrl, jobs: NonZeroUsize, arguments: &Diff) -> Result<u8, Error> {
    no_scripts(&arguments.scripts)?;
    let mut exports = exports(arguments.before.as_ref().ok_or(Error::NothingToCompare)?)?;
    let visited = visit(url, jobs, |_, store| scan_all(store))?;
    if visited.failed > 0 {
        // Unread hosts cannot be distinguished from removed ones.
        return Ok(exit::NOT_COMPARED);
    }
    let mut hosts: BTreeMap<String, [Vec<Binding>; 2]> = BTreeMap::new();
    for (host, bindings) in visited.hosts {
        let before = match exports.remove(host.as_str()) {
            Some(path) => diff::read(&Input::File(path).resolved())?,
            None => Vec::new(),
        };
        hosts.insert(host.to_string(), [before, bindings]);
    }
    for (host, path) in exports {
        let before = diff::read(&Input::File(path).resolved())?;
        hosts.insert(host, [before, Vec::new()]);
    }
    let mut json = Map::new();
    let mut text = String::new();
    let (mut same, mut differ) = (0, 0);
    for (host, [before, after]) in hosts {
        let compared = diff::compared(before, after)?;
        *match diff::all_same(&compared) {
            true => &mut same,
            false => &mut differ,
        } += 1;
        match arguments.output.format {
            Format::Json => {
                json.insert(host, diff::as_json(&compared));
            }
            Format::Table if diff::all_same(&compared) => {}
            Format::Table => {
                text.push_str(&format!(
                    "{}:\n{}\n",
                    escaped(&host),
                    diff::in_words(&compared)
                ));
            }
        }
    }
    match arguments.output.format {
        Format::Json => print_json(&json)?,
        Format::Table => print(&format!(
            "{text}{} differ, {} the same\n",
            counted(differ),
            counted(same)
        ))?,
    }
    Ok(match differ {
        0 => exit::DONE,
        _ => exit::DIFFERENT,
    })
}

/// The files of a folder, by their names without the format's extension.
fn exports(folder: &Input) -> Result<BTreeMap<String, PathBuf>, Error> {
    let folder: &Path = match folder {
        Input::File(path) if path.is_dir() => path,
        source => {
            return Err(Error::NotAFolder {
                path: source.to_string().into(),
            });
        }
    };
    let unreadable = |source| Error::Input {
        path: folder.to_owned(),
        source,
    };
    let mut exports = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let host = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        match host {
            Some(host) if path.is_file() && !host.starts_with('.') => {
                if let Some(other) = exports.insert(host, path.clone()) {
                    return Err(Error::ExportsOfOneHost {
                        paths: [other, path],
                    });
                }
            }
            _ => {}
        }
    }
    Ok(exports)
}

/// Each host's bindings are renewed in one batch, which applies only while they are unchanged since
/// they were read. Renewed hosts stay renewed if others fail, and another run continues with the
/// remaining ones.
fn renew(url: &FleetUrl, jobs: NonZeroUsize, arguments: &Rotate) -> Result<u8, Error> {
    no_scripts(&arguments.scripts)?;
    let renewal = arguments.renewal()?;
    let all = || {
        let visited = visit(url, jobs, |_, store| scan_all(store))?;
        if visited.failed > 0 {
            // A prefix that seems unique may not be.
            return Err(Error::NotPlanned {
                hosts: counted(visited.failed),
            });
        }
        let bindings = visited.hosts.into_iter();
        Ok(bindings.flat_map(|(_, bindings)| bindings).collect())
    };
    let selection = Selection::of(arguments, &renewal, all)?;
    if let Some(path) = &arguments.export {
        return planned(url, jobs, &selection, path, arguments.output.format);
    }
    let visited = visit(url, jobs, |_, store| {
        match selection.renew(store, arguments.dry_run) {
            Err(error) if error.is_nothing_to_rotate() => {
                Ok((Renewed::default(), selection.renewed(store)?))
            }
            renewed => renewed.map(|renewed| (renewed, 0)),
        }
    })?;
    let warnings = visited.hosts.iter().map(|(host, (renewed, _))| {
        for warning in &renewed.warnings {
            warn(&format!("{host}: {}", escaped(&warning.to_string())));
        }
        (host.to_string(), json!(renewed.warnings))
    });
    let warnings: Map<String, Value> = warnings.collect();
    let before: usize = visited.hosts.iter().map(|(_, (_, before))| before).sum();
    let renewed = || {
        let hosts = visited.hosts.iter();
        let hosts = hosts.map(|(host, (renewed, _))| (host, &renewed.keys));
        hosts.filter(|(_, keys)| !keys.is_empty())
    };
    if renewed().next().is_none() && visited.failed == 0 {
        if before == 0 {
            return Err(selection.nothing());
        }
        if arguments.output.format == Format::Table {
            print(&already(before, &selection))?;
            return Ok(exit::DONE);
        }
    }
    let bindings: usize = renewed().map(|(_, keys)| keys.len()).sum();
    if arguments.output.format == Format::Json {
        let hosts = renewed().map(|(host, keys)| (host.to_string(), json!(keys)));
        print_json(&json!({
            "old": selection.old(), "new": selection.successor(), "dry_run": arguments.dry_run,
            "renewed": hosts.collect::<Map<String, Value>>(),
            "unchanged": visited.hosts.len() - renewed().count(), "failed": visited.failed,
            "warnings": warnings,
        }))?;
        return Ok(code(visited.failed));
    }
    let mut text = String::new();
    for (host, keys) in renewed() {
        text.push_str(&format!("{host}:\n"));
        for key in keys {
            text.push_str(&format!("  {key}\n"));
        }
    }
    let verb = if arguments.dry_run {
        "Would renew"
    } else {
        "Renewed"
    };
    let hosts = renewed().count();
    let (bindings, changed) = (changes::counted(bindings), counted(hosts));
    text.push_str(&format!("{verb} {bindings} of {changed}\n"));
    text.push_str(&format!("  to {}\n", selection.describe()));
    let unchanged = visited.hosts.len() - hosts;
    if unchanged > 0 {
        text.push_str(&format!("Nothing to renew: {}\n", counted(unchanged)));
    }
    if visited.failed > 0 {
        let failed = counted(visited.failed);
        text.push_str(&format!(
            "Failed: {failed}; run it again to go on with what is left\n"
        ));
    }
    print(&text)?;
    Ok(code(visited.failed))
}

/// Writes a plan for each host that has something to renew, and changes nothing. If any host cannot
/// be read, there is no plan, since it would omit that host silently.
fn planned(
    url: &FleetUrl,
    jobs: NonZeroUsize,
    selection: &Selection,
    path: &Path,
    format: Format,
) -> Result<u8, Error> {
    let visited = visit(url, jobs, |host, store| {
        let header = plan::header(Purpose::Rotate, None, url.of(host));
        match selection.plan(store, &header) {
            Err(error) if error.is_nothing_to_rotate() => Ok(Err(selection.renewed(store)?)),
            plan => plan.map(Ok),
        }
    })?;
    if visited.failed > 0 {
        return Err(Error::NotPlanned {
            hosts: counted(visited.failed),
        });
    }
    let read = visited.hosts.len();
    let plans = visited.hosts.into_iter();
    let mut before = 0;
    let plans = plans.filter_map(|(host, plan)| match plan {
        Ok(plan) => Some((host.to_string(), plan)),
        Err(renewed) => {
            before += renewed;
            None
        }
    });
    let plan = FleetPlan::new(plans.collect::<Vec<_>>());
    if plan.hosts().is_empty() {
        if before == 0 {
            return Err(selection.nothing());
        }
        match format {
            Format::Json => print_json(&json!({
                "old": selection.old(), "new": selection.successor(), "dry_run": false,
                "renewed": {}, "unchanged": read, "failed": 0, "warnings": {},
            }))?,
            Format::Table => print(&already(before, selection))?,
        }
        return Ok(exit::DONE);
    }
    plan::save(path, &plan.to_json())?;
    let bindings = plan.hosts().values().map(|plan| plan.changes().count());
    let (bindings, hosts) = (
        changes::counted(bindings.sum()),
        counted(plan.hosts().len()),
    );
    match format {
        Format::Json => print_json_text(&plan.to_json())?,
        Format::Table => print(&format!("Planned: {bindings} of {hosts}\n"))?,
    }
    Ok(exit::DONE)
}

fn code(failed: usize) -> u8 {
    match failed {
        0 => exit::DONE,
        _ => exit::REFUSED,
    }
}

//! The plan of a fleet: kept by `rotate --fleet --export`, applied by `apply --fleet`, host by host.

use std::collections::BTreeMap;
use std::path::Path;

use certbind_etcd::{EtcdStore, HostName};
use certbind_migrate::{FleetPlan, Plan, Warning, owners};
use serde_json::json;

use super::apply::confirmed;
use crate::changes;
use crate::cli::apply::Apply;
use crate::cli::output::Format;
use crate::error::Error;
use crate::fleet::{FleetUrl, Visited, counted, visit_these};
use crate::print::{print, print_json};
use crate::terminal::escaped;
use crate::undo;
use crate::{exit, plan_text};

/// The state of one host.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HostState {
    /// It is in the state that the plan was made from.
    Ready,
    /// It has the new bindings of the plan: an earlier run applied it.
    AlreadyApplied,
}

pub(super) fn apply(arguments: &Apply, url: &FleetUrl) -> Result<u8, Error> {
    let fleet = read(&arguments.plan)?.hosts().clone().into_iter();
    let fleet = FleetPlan::new(fleet.map(|(host, plan)| (host, arguments.selected(plan))));
    if arguments.format.format == Format::Table {
        let mut text = String::new();
        for (host, plan) in fleet.hosts() {
            text.push_str(&format!("{}: {}\n", escaped(host), plan_text::of(plan)));
        }
        print(&text)?;
    }
    let hosts = hosts(&fleet).map_err(|problem| broken(&arguments.plan, &problem))?;
    let mut visited = each(arguments, url, &fleet, hosts, |store, plan| {
        state(certbind_migrate::check(store, plan))
    })?;
    let is_ready = |(_, state): &(HostName, HostState)| *state == HostState::Ready;
    let (ready, before): (Vec<_>, Vec<_>) = visited.hosts.iter().cloned().partition(is_ready);
    if arguments.dry_run || ready.is_empty() {
        return report(arguments, &fleet, &visited, None);
    }
    if !arguments.yes {
        confirmed(&format!("Change {}?", counted(ready.len())))?;
    }
    let path = arguments
        .undo
        .clone()
        .unwrap_or_else(|| undo::default_path(&arguments.plan));
    // Before the first batch. An undo file of an earlier run has the same contents.
    let kept = undo::save(&path, &fleet.inverse().to_json())?;
    let ready = ready.into_iter().map(|(host, _)| host).collect();
    let applied = each(arguments, url, &fleet, ready, |store, plan| {
        state(certbind_migrate::apply(store, plan).map(drop))
    })?;
    visited.hosts = before;
    visited.hosts.extend(applied.hosts);
    visited.failed += applied.failed;
    let undo = kept.path().display().to_string();
    report(arguments, &fleet, &visited, Some(&undo))
}

/// The hosts that a plan names.
fn hosts(fleet: &FleetPlan) -> Result<Vec<HostName>, String> {
    let names = fleet.hosts().keys().map(|host| match HostName::new(host) {
        Ok(name) if name.as_str() == host => Ok(name),
        Ok(name) => Err(format!("{host} is written {name}")),
        Err(error) => Err(error.to_string()),
    });
    names.collect()
}

fn broken(plan: &Path, problem: &impl ToString) -> Error {
    Error::BrokenInput {
        path: plan.to_owned(),
        problem: problem.to_string(),
    }
}

fn state(checked: Result<(), certbind_migrate::Error>) -> Result<HostState, Error> {
    match checked {
        Ok(()) => Ok(HostState::Ready),
        Err(certbind_migrate::Error::Stale { already: true, .. }) => Ok(HostState::AlreadyApplied),
        Err(error) => Err(error.into()),
    }
}

fn each(
    arguments: &Apply,
    url: &FleetUrl,
    fleet: &FleetPlan,
    hosts: Vec<HostName>,
    visit: impl Fn(&EtcdStore, &Plan) -> Result<HostState, Error> + Sync,
) -> Result<Visited<HostState>, Error> {
    visit_these(url, hosts, arguments.fleet.jobs, |host, store| {
        visit(store, &fleet.hosts()[host.as_str()])
    })
}

fn read(path: &Path) -> Result<FleetPlan, Error> {
    let json = crate::read_file::read(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    FleetPlan::from_json(&json).map_err(|error| broken(path, &error))
}

fn report(
    arguments: &Apply,
    fleet: &FleetPlan,
    visited: &Visited<HostState>,
    undo: Option<&str>,
) -> Result<u8, Error> {
    let with = |wanted: HostState| {
        let hosts = visited
            .hosts
            .iter()
            .filter(move |(_, state)| *state == wanted);
        hosts.map(|(host, _)| host.as_str()).collect::<Vec<_>>()
    };
    let (applied, before) = (with(HostState::Ready), with(HostState::AlreadyApplied));
    let plans = applied.iter().filter_map(|host| fleet.hosts().get(*host));
    let bindings: usize = plans.map(|plan| plan.changes().count()).sum();
    match arguments.format.format {
        Format::Json => print_json(&json!({
            "dry_run": arguments.dry_run, "applied": applied, "applied_before": before,
            "bindings": bindings, "failed": visited.failed, "undo": undo,
            "owners": owners_of(fleet),
        }))?,
        Format::Table => {
            let verb = if arguments.dry_run {
                "Would apply"
            } else {
                "Applied"
            };
            let (changed, hosts) = (changes::counted(bindings), counted(applied.len()));
            let mut text = format!("{verb}: {changed} of {hosts}\n");
            if !before.is_empty() {
                text.push_str(&format!("Applied before: {}\n", counted(before.len())));
            }
            if visited.failed > 0 {
                text.push_str(&format!("Failed: {}\n", counted(visited.failed)));
            }
            if let Some(undo) = undo {
                text.push_str(&format!(
                    "Undo it by: certbind apply {} --fleet URL\n",
                    escaped(undo)
                ));
            }
            print(&text)?;
        }
    }
    Ok(match visited.failed {
        0 => exit::DONE,
        _ => exit::REFUSED,
    })
}

/// The applications that also have to be configured with new certificates, of each host that has
/// some.
fn owners_of(fleet: &FleetPlan) -> BTreeMap<&String, Vec<Warning>> {
    let hosts = fleet.hosts().iter();
    let owners = hosts.map(|(host, plan)| (host, owners(plan)));
    owners.filter(|(_, owners)| !owners.is_empty()).collect()
}

//! The plan of a fleet: kept by `rotate --fleet --export`, applied by `apply --fleet`, host by host.

use std::path::Path;

use certbind_etcd::{EtcdStore, HostName};
use certbind_migrate::{FleetPlan, Plan};
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

/// What becomes of one host.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It holds what the plan saw.
    Ready,
    /// It holds what the plan makes of it: an earlier run came this far.
    Before,
}

pub(super) fn apply(wanted: &Apply, url: &FleetUrl) -> Result<u8, Error> {
    let fleet = read(&wanted.plan)?;
    if wanted.format.format == Format::Table {
        let mut text = String::new();
        for (host, plan) in fleet.hosts() {
            text.push_str(&format!("{}: {}\n", escaped(host), plan_text::of(plan)));
        }
        print(&text)?;
    }
    let hosts = hosts(&fleet).map_err(|problem| broken(&wanted.plan, &problem))?;
    let mut visited = each(wanted, url, &fleet, hosts, |store, plan| {
        fate(certbind_migrate::check(store, plan))
    })?;
    let is_ready = |(_, fate): &(HostName, Fate)| *fate == Fate::Ready;
    let (ready, before): (Vec<_>, Vec<_>) = visited.hosts.iter().cloned().partition(is_ready);
    if wanted.dry_run || ready.is_empty() {
        return report(wanted, &fleet, &visited, None);
    }
    if !wanted.yes {
        confirmed(&format!("Change {}?", counted(ready.len())))?;
    }
    let path = wanted
        .undo
        .clone()
        .unwrap_or_else(|| undo::beside(&wanted.plan));
    // Before the first batch. One that an earlier run left says the same.
    let kept = undo::keep(&path, &fleet.inverse().to_json())?;
    let ready = ready.into_iter().map(|(host, _)| host).collect();
    let applied = each(wanted, url, &fleet, ready, |store, plan| {
        fate(certbind_migrate::apply(store, plan).map(drop))
    })?;
    visited.hosts = before;
    visited.hosts.extend(applied.hosts);
    visited.failed += applied.failed;
    let undo = kept.path().display().to_string();
    report(wanted, &fleet, &visited, Some(&undo))
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

fn fate(checked: Result<(), certbind_migrate::Error>) -> Result<Fate, Error> {
    match checked {
        Ok(()) => Ok(Fate::Ready),
        Err(certbind_migrate::Error::Stale { already: true, .. }) => Ok(Fate::Before),
        Err(error) => Err(error.into()),
    }
}

fn each(
    wanted: &Apply,
    url: &FleetUrl,
    fleet: &FleetPlan,
    hosts: Vec<HostName>,
    visit: impl Fn(&EtcdStore, &Plan) -> Result<Fate, Error> + Sync,
) -> Result<Visited<Fate>, Error> {
    visit_these(url, hosts, wanted.fleet.jobs, |host, store| {
        visit(store, &fleet.hosts()[host.as_str()])
    })
}

fn read(path: &Path) -> Result<FleetPlan, Error> {
    let json = std::fs::read(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    FleetPlan::from_json(&json).map_err(|error| broken(path, &error))
}

fn report(
    wanted: &Apply,
    fleet: &FleetPlan,
    visited: &Visited<Fate>,
    undo: Option<&str>,
) -> Result<u8, Error> {
    let with = |wanted: Fate| {
        let hosts = visited
            .hosts
            .iter()
            .filter(move |(_, fate)| *fate == wanted);
        hosts.map(|(host, _)| host.as_str()).collect::<Vec<_>>()
    };
    let (applied, before) = (with(Fate::Ready), with(Fate::Before));
    let plans = applied.iter().filter_map(|host| fleet.hosts().get(*host));
    let bindings: usize = plans.map(|plan| plan.changes().count()).sum();
    match wanted.format.format {
        Format::Json => print_json(&json!({
            "dry_run": wanted.dry_run, "applied": applied, "applied_before": before,
            "bindings": bindings, "failed": visited.failed, "undo": undo,
        }))?,
        Format::Table => {
            let verb = if wanted.dry_run {
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

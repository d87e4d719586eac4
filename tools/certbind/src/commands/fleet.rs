//! `list` and `rotate` with `--fleet`: what they do to one store, done to every host.

use std::num::NonZeroUsize;

use serde_json::{Map, Value, json};

use super::rotate::Picked;
use super::{everything, print, print_json};
use crate::changes;
use crate::cli::{Command, Format, Rotate};
use crate::error::Error;
use crate::fleet::{FleetOptions, FleetUrl, counted, visit};
use crate::{exit, table};

/// Does what a command says, where it says it of a fleet.
pub(crate) fn run(command: &Command) -> Option<Result<u8, Error>> {
    let (FleetOptions { fleet, at_once }, rotate, format) = match command {
        Command::List { fleet, output } => (fleet, None, output.format),
        Command::Rotate(rotate) => (&rotate.fleet, Some(rotate), rotate.output.format),
        _ => return None,
    };
    let url = fleet.as_ref()?;
    Some(match rotate {
        None => list(url, *at_once, format),
        Some(wanted) => renew(url, *at_once, wanted),
    })
}

fn list(url: &FleetUrl, at_once: NonZeroUsize, format: Format) -> Result<u8, Error> {
    let visited = visit(url, at_once, |store| everything(store))?;
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
            let bindings = visited.hosts.iter().map(|(_, bindings)| bindings.len());
            let (bindings, hosts) = (changes::counted(bindings.sum()), visited.hosts.len());
            text.push_str(&format!("{bindings} of {}\n", counted(hosts)));
            print(&text)?;
        }
    }
    Ok(code(visited.failed))
}

/// Each host's bindings are renewed in one batch, which applies only while they are as they were
/// read. What was renewed stays so, whatever becomes of the other hosts, and who runs it again goes
/// on with those that are left.
fn renew(url: &FleetUrl, at_once: NonZeroUsize, wanted: &Rotate) -> Result<u8, Error> {
    let picked = Picked::of(wanted)?;
    let visited = visit(url, at_once, |store| {
        match picked.renew(store, wanted.dry_run) {
            Err(Error::NothingToRotate(_) | Error::NothingOfTheseNames) => Ok(Vec::new()),
            renewed => renewed.map(|(keys, _)| keys),
        }
    })?;
    let renewed = || visited.hosts.iter().filter(|(_, keys)| !keys.is_empty());
    let bindings: usize = renewed().map(|(_, keys)| keys.len()).sum();
    if wanted.output.format == Format::Json {
        let hosts = renewed().map(|(host, keys)| (host.to_string(), json!(keys)));
        print_json(&json!({
            "old": wanted.old, "new": picked.successor(), "dry_run": wanted.dry_run,
            "renewed": hosts.collect::<Map<String, Value>>(),
            "unchanged": visited.hosts.len() - renewed().count(), "failed": visited.failed,
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
    let verb = if wanted.dry_run {
        "Would renew"
    } else {
        "Renewed"
    };
    let hosts = renewed().count();
    let (bindings, changed) = (changes::counted(bindings), counted(hosts));
    text.push_str(&format!("{verb} {bindings} of {changed}\n"));
    text.push_str(&format!("  to {}\n", picked.successor()));
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

fn code(failed: usize) -> u8 {
    match failed {
        0 => exit::DONE,
        _ => exit::REFUSED,
    }
}

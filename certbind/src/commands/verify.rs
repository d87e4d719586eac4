//! `verify`: new exports of hosts are compared with the state that `rotate --out` planned.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use certbind_core::Binding;
use certbind_migrate::FleetPlan;
use serde_json::{Value, json};

use super::{diff, hosts};
use crate::changes::counted;
use crate::cli::output::Format;
use crate::cli::verify::Verify;
use crate::error::Error;
use crate::exit;
use crate::export_set;
use crate::input::Input;
use crate::print::{print, print_json};
use crate::terminal::escaped;

pub(crate) fn run(arguments: &Verify) -> Result<u8, Error> {
    verify(arguments).map_err(|error| Error::Verify(Box::new(error)))
}

fn verify(arguments: &Verify) -> Result<u8, Error> {
    let path = arguments.plan.join(hosts::PLAN);
    let json = crate::read_file::read(&path).map_err(|source| Error::Input {
        path: path.clone(),
        source,
    })?;
    let plan = FleetPlan::from_json(&json).map_err(|error| Error::BrokenInput {
        path,
        problem: error.to_string(),
    })?;
    let exports = export_set::read(&arguments.exports)?;
    let names: BTreeSet<&String> = plan.hosts().keys().chain(exports.keys()).collect();
    let mut text = String::new();
    let mut json: BTreeMap<&str, Value> = BTreeMap::new();
    let (mut renewed, mut wanted, mut is_ok) = (0, 0, true);
    for name in names {
        let host = plan.hosts().get(name);
        let export = exports.get(name);
        let problem = match (host, export) {
            (Some(_), None) => Some("no new export"),
            (None, _) => Some("not in the plan"),
            _ => None,
        };
        let changes = host.map_or(0, |plan| plan.changes().count());
        wanted += changes;
        let (Some(host), Some(export), None) = (host, export, problem) else {
            is_ok = false;
            let problem = problem.unwrap_or_default();
            let _ = writeln!(text, "{}: {problem}", escaped(name));
            json.insert(name, json!({ "ok": false, "problem": problem }));
            continue;
        };
        let expected = expected(&arguments.plan.join(name).join("after.json"))?;
        let found = &export.contents.bindings;
        let has = |binding: &&Binding| found.contains(binding);
        let targets = host.changes().filter_map(|step| step.new_value());
        let done = targets.filter(has).count();
        renewed += done;
        let compared = diff::compared(expected, found.clone())?;
        if !diff::all_same(&compared) {
            is_ok = false;
            let _ = writeln!(
                text,
                "{}: {done} of {changes} renewed; differs from the plan:\n{}",
                escaped(name),
                diff::in_words(&compared).trim_end()
            );
        }
        let ok = diff::all_same(&compared);
        json.insert(
            name,
            json!({ "ok": ok, "renewed": done, "planned": changes, "differences": diff::as_json(&compared) }),
        );
    }
    match arguments.output.format {
        Format::Json => print_json(&json!({
            "ok": is_ok, "renewed": renewed, "planned": wanted, "hosts": json,
        }))?,
        Format::Table => {
            let rest = match is_ok {
                true => ", nothing else changed",
                false => "",
            };
            let _ = writeln!(text, "{renewed} of {} renewed{rest}", counted(wanted));
            print(&text)?;
        }
    }
    Ok(match is_ok {
        true => exit::DONE,
        false => exit::DIFFERENT,
    })
}

/// The bindings that a host has once its plan is applied.
fn expected(path: &Path) -> Result<Vec<Binding>, Error> {
    Ok(Input::File(path.to_owned()).read()?.bindings)
}

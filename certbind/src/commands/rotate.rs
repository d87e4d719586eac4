//! `rotate`: replaces a certificate in every binding that uses it.

use certbind_backends::Access;
use certbind_migrate::Purpose;
use serde_json::json;

use super::selection::{Renewed, Selection, already};
use super::{hosts, plan, scripts};
use crate::changes::counted;
use crate::cli::output::Format;
use crate::cli::rotate::Rotate;
use crate::error::Error;
use crate::input::{Input, scan_all};
use crate::print::{print, print_json, print_json_text};
use crate::stores::{Opened, StoreUrl};
use crate::{exit, plan_text};

pub(crate) fn run(url: &StoreUrl, arguments: &Rotate) -> Result<u8, Error> {
    let renewal = arguments.renewal()?;
    if let (Some(folder), None) = (&arguments.scripts.out, &arguments.export) {
        return hosts::run(folder, arguments, &renewal);
    }
    let format = arguments.output.format;
    let only_read = arguments.dry_run || arguments.export.is_some();
    let access = if only_read {
        Access::Read
    } else {
        Access::Change
    };
    let store = Opened::open(url, access)?;
    let selection = Selection::of(arguments, &renewal, || scan_all(store.bindings()))?;
    match rotate(url, arguments, &selection, &store) {
        Err(error) if error.is_nothing_to_rotate() => {
            let done = selection.renewed(store.bindings())?;
            if done == 0 {
                return Err(error);
            }
            match format {
                Format::Json => report(arguments, &selection, &Renewed::default())?,
                Format::Table => print(&already(done, &selection))?,
            }
            Ok(exit::DONE)
        }
        done => done,
    }
}

fn rotate(
    url: &StoreUrl,
    arguments: &Rotate,
    selection: &Selection,
    store: &Opened,
) -> Result<u8, Error> {
    if let Some(path) = &arguments.export {
        let header = plan::header(
            Purpose::Rotate,
            None,
            plan::name(&Input::Store(url.clone())),
        );
        let plan = selection.plan(store.bindings(), &header)?;
        plan::save(path, &plan.to_json())?;
        if let Some(folder) = &arguments.scripts.out {
            let layout = store.layout()?;
            scripts::write(folder, &plan, &arguments.scripts, layout.as_ref())?;
        }
        match arguments.output.format {
            Format::Json => print_json_text(&plan.to_json())?,
            Format::Table => print(&plan_text::of(&plan))?,
        }
        return Ok(exit::DONE);
    }
    let renewed = selection.renew(store.bindings(), arguments.dry_run)?;
    report(arguments, selection, &renewed)?;
    Ok(exit::DONE)
}

fn report(arguments: &Rotate, selection: &Selection, renewed: &Renewed) -> Result<(), Error> {
    let (old, new, dry_run) = (selection.old(), selection.successor(), arguments.dry_run);
    renewed.warn();
    if arguments.output.format == Format::Json {
        return print_json(&json!({
            "old": old, "new": new, "renewed": renewed.keys, "dry_run": dry_run,
            "revision": renewed.revision, "warnings": renewed.warnings,
        }));
    }
    let verb = if dry_run { "Would renew" } else { "Renewed" };
    let mut text = String::new();
    for key in &renewed.keys {
        text.push_str(&format!("  {key}\n"));
    }
    text.push_str(&format!("{verb} {}\n", counted(renewed.keys.len())));
    if let Some(old) = old {
        text.push_str(&format!("  from {old}\n"));
    }
    text.push_str(&format!("  to   {}\n", selection.describe()));
    print(&text)
}

//! `plan`: the changes that give a target the bindings of a source. Nothing is changed.

use std::path::Path;

use certbind_backends::Access;
use certbind_migrate::{Header, Purpose, Warning};
use jiff::Timestamp;

use super::scripts;
use crate::cli::plan::{Plan, PlanFormat};
use crate::desired_state;
use crate::error::Error;
use crate::input::{Contents, Input, scan_all};
use crate::message::warn;
use crate::print::{print, print_json_text};
use crate::stores::{Opened, StoreUrl};
use crate::terminal::{escaped, escaped_json};
use crate::warnings::warn_of;
use crate::{exit, output_file, plan_markdown, plan_text};

pub(crate) fn run(arguments: Plan) -> Result<u8, Error> {
    let detailed = arguments.detailed_exitcode;
    let done = planned(arguments);
    match (detailed, done) {
        (true, Ok(true)) => Ok(exit::CHANGES),
        (true, Err(error)) => Err(Error::Plan(Box::new(error))),
        (_, done) => done.map(|_| exit::DONE),
    }
}

/// Whether the plan has changes.
fn planned(arguments: Plan) -> Result<bool, Error> {
    let (source, target) = (
        arguments.source.clone().resolved(),
        arguments.target.clone().resolved(),
    );
    let input = Input::File("-".into());
    if source == input && target == input {
        return Err(Error::InputTwice);
    }
    let logs = arguments.logs.choice()?;
    let Contents { bindings, reading } = source.read_with(&logs)?;
    if arguments.prunes()
        && let (Input::File(path), Some(reading)) = (&source, &reading)
        && reading
            .recovery
            .as_ref()
            .is_some_and(|it| !it.is_complete())
    {
        return Err(Error::PrunesFromDirtyHive { path: path.clone() });
    }
    let mut target_reading = None;
    let mut capabilities = None;
    let held = match &target {
        Input::Store(url) => {
            let store = open_or_empty(url)?;
            capabilities = Some(store.bindings().capabilities());
            scan_all(store.bindings())?
        }
        Input::File(_) => {
            let target = target.read_with(&logs)?;
            target.reading.iter().for_each(warn_of);
            target_reading = target.reading;
            target.bindings
        }
    };
    let in_target = target_reading.as_ref();
    let host = in_target.and_then(|it| it.export.header.host.clone());
    let host = target.host().or(host);
    desired_state::warn_for(&source, reading.as_ref(), host.as_deref());
    logs.check([reading.as_ref(), target_reading.as_ref()])?;
    let layout = target_reading.and_then(|reading| reading.export.layout);
    let mut planner = arguments.planner(&bindings, &held)?;
    planner.capabilities = capabilities;
    planner.managed = reading.as_ref().and_then(|it| it.managed.clone());
    let bindings = bindings.into_iter().map(Ok);
    let count = held.len() as u64;
    let plan = planner.plan(bindings, held.into_iter().map(Ok))?;
    let plan = arguments.targeted(plan)?;
    let changes = plan.changes();
    let changes = changes.filter_map(|step| Some((step.expected(), step.new_value()?)));
    arguments.guards(&planner).check(changes)?;
    let deletes = plan.counts().deletes;
    let is_most = deletes == count || (count > 10 && deletes > count / 2);
    if deletes > 0 && is_most && !arguments.prune_all {
        return Err(Error::PrunesMost {
            deletes,
            held: count,
        });
    }
    let warnings = reading.iter().flat_map(|reading| &reading.warnings);
    let warnings = warnings.map(|warning| Warning::ConversionWarning {
        what: warning.to_string(),
    });
    let header = header(Purpose::Move, Some(name(&source)), name(&target));
    let plan = plan.with_warnings(warnings.collect()).with_header(header);
    if let Some(path) = &arguments.output {
        save(path, &plan.to_json())?;
    }
    if let Some(folder) = &arguments.scripts.out {
        scripts::write(folder, &plan, &arguments.scripts, layout.as_ref())?;
    }
    match arguments.format {
        PlanFormat::Json => print_json_text(&plan.to_json())?,
        PlanFormat::Table => print(&plan_text::of(&plan))?,
        PlanFormat::Markdown => print(&plan_markdown::of(&plan))?,
    }
    Ok(plan.changes().next().is_some())
}

/// A store to read. One that does not exist yet is empty.
pub(super) fn open_or_empty(url: &StoreUrl) -> Result<Opened, Error> {
    match Opened::open(url, Access::Read) {
        Err(Error::NoStore { .. }) => {
            warn(&escaped(&format!(
                "there is no store at {url} yet; applying the plan creates it"
            )));
            Opened::open(&StoreUrl::memory(), Access::Read)
        }
        opened => opened,
    }
}

/// The header of a plan that is made now.
pub(super) fn header(purpose: Purpose, source: Option<String>, target: String) -> Header {
    Header {
        purpose,
        source,
        target: Some(target),
        made_at: Some(Timestamp::now()),
        tool: Some(concat!("certbind ", env!("CARGO_PKG_VERSION")).to_owned()),
    }
}

/// The name of a store or file in a plan, independent of the place where the plan is read.
pub(super) fn name(source: &Input) -> String {
    match source {
        Input::Store(url) => url.absolute(),
        Input::File(path) if path != Path::new("-") => absolute(path),
        Input::File(_) => "standard input".to_owned(),
    }
}

fn absolute(path: &Path) -> String {
    let absolute = std::path::absolute(path);
    let path = absolute.as_deref().unwrap_or(path);
    path.display().to_string()
}

/// Keeps a plan, of one host or many, in a file, in which nothing acts on a terminal.
pub(super) fn save(path: &Path, json: &str) -> Result<(), Error> {
    let json = escaped_json(json);
    output_file::write(path, |out| Ok(out.write_all(json.as_bytes())?))
}

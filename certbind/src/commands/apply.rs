//! `apply`: a plan is shown, checked, confirmed, applied and read back, and its undo is kept.

use std::io::{self, BufRead, IsTerminal, Write};

use certbind_backends::Access;
use certbind_core::StoreError;
use certbind_migrate::{Header, Plan, Step, owners};
use serde_json::json;

use super::plan::{name, open_or_empty};
use super::probe::{Probes, probed};
use crate::cli::apply::Apply;
use crate::cli::output::Format;
use crate::error::Error;
use crate::input::Input;
use crate::message::warn;
use crate::print::{print, print_json};
use crate::store_mistakes;
use crate::stores::{Opened, StoreUrl};
use crate::terminal::escaped;
use crate::unconfirmed::{Outcome, Waiting};
use crate::undo::{self, UndoFile};
use crate::{exit, plan_target, plan_text};

/// `named` is the store of --store, if the command line contains it.
pub(crate) fn run(arguments: &Apply, named: Option<StoreUrl>) -> Result<u8, Error> {
    let plan = read(arguments)?;
    let named = arguments.target.clone().or(named);
    let url = match named {
        Some(url) => url,
        None => plan_target::of(&plan, &arguments.plan)?,
    };
    let plan = at(plan, &url);
    let people = arguments.format.format == Format::Table;
    if people {
        print(&plan_text::of(&plan))?;
    }
    let checked = certbind_migrate::check(open(&url, &plan, Access::Read)?.bindings(), &plan);
    if let Err(certbind_migrate::Error::Stale { already: true, .. }) = checked {
        let said = "Already in effect: every key has its planned binding; nothing was changed";
        return report(arguments, &plan, false, None, said);
    }
    checked?;
    let nothing = plan.changes().next().is_none();
    if arguments.dry_run || nothing {
        let said = match nothing {
            true => "Checked: every key has its planned binding".to_owned(),
            false => format!(
                "Checked: {} would be changed, and no key has changed since the plan was made",
                plan_text::changes(&plan)
            ),
        };
        return report(arguments, &plan, false, None, &said);
    }
    if !arguments.yes {
        confirm(&plan, &url)?;
    }
    let (kept, waiting) = apply(arguments, &plan, &url)?;
    let said = format!(
        "Applied: {} changed in {}, and read back\nUndo it by: certbind apply {}",
        plan_text::changes(&plan),
        escaped(&url.to_string()),
        escaped(&kept.path().display().to_string())
    );
    if arguments.probe.is_none() && waiting.is_none() {
        return report(arguments, &plan, true, Some(&kept), &said);
    }
    if people {
        print(&format!("\n{said}\n"))?;
    }
    let probed = match arguments.probe {
        Some(address) => Some(probed(&url, &plan, address)?),
        None => None,
    };
    if let (true, Some(probed)) = (people, &probed) {
        print(&probed.in_words())?;
    }
    let is_wrong = probed.as_ref().is_some_and(Probes::is_wrong);
    let outcome = match waiting {
        Some(waiting) if is_wrong => Some(waiting.roll_back(&url)?),
        Some(waiting) => {
            warn(&escaped(&format!(
                "unless `certbind confirm {}` is run, the changes are rolled back at {:.0}",
                arguments.plan.display(),
                waiting.deadline()
            )));
            Some(waiting.wait(&url)?)
        }
        None => None,
    };
    let is_rolled_back = outcome == Some(Outcome::RolledBack);
    let undo = kept.path().display().to_string();
    if is_rolled_back {
        kept.discard();
    }
    if people {
        match outcome {
            Some(Outcome::Confirmed) => print("Confirmed: the changes are kept\n")?,
            Some(Outcome::RolledBack) => print("Rolled back: every binding is as before\n")?,
            None => {}
        }
    } else {
        let mut report = as_json(arguments, &plan, true, (!is_rolled_back).then_some(undo));
        if let Some(probed) = &probed {
            report["probe"] = json!(probed.rows());
        }
        if let Some(outcome) = outcome {
            report["confirmed"] = json!(outcome == Outcome::Confirmed);
        }
        print_json(&report)?;
    }
    Ok(match is_rolled_back || is_wrong {
        true => exit::REFUSED,
        false => exit::DONE,
    })
}

fn read(arguments: &Apply) -> Result<Plan, Error> {
    let path = || arguments.plan.clone();
    let json = crate::read_file::read(path()).map_err(|source| Error::Input {
        path: path(),
        source,
    })?;
    let plan = Plan::from_json(&json).map_err(|error| Error::BrokenInput {
        path: path(),
        problem: match store_mistakes::is_export(&path()) {
            true => format!(
                "it is a desired state or an export, and no plan; make the plan: certbind plan {} TARGET \
                 -o plan.json",
                path().display()
            ),
            false => error.to_string(),
        },
    })?;
    Ok(arguments.selected(plan))
}

/// The plan with the store that it is applied to as its target, which its undo then names.
fn at(plan: Plan, url: &StoreUrl) -> Plan {
    let header = Header {
        target: Some(name(&Input::Store(url.clone()))),
        ..plan.header().clone()
    };
    plan.with_header(header)
}

/// The store. Only a plan that saw nothing in it may find none.
fn open(url: &StoreUrl, plan: &Plan, access: Access) -> Result<Opened, Error> {
    let saw_nothing = plan.steps().iter().all(|step| step.expected().is_none());
    match access {
        Access::Read if saw_nothing => open_or_empty(url),
        Access::Change if saw_nothing => Opened::open(url, Access::Create),
        access => Opened::open(url, access),
    }
}

fn apply(
    arguments: &Apply,
    plan: &Plan,
    url: &StoreUrl,
) -> Result<(UndoFile, Option<Waiting>), Error> {
    let store = open(url, plan, Access::Change)?;
    certbind_migrate::check(store.bindings(), plan)?;
    let beside = || undo::default_path(&arguments.plan);
    let path = arguments.undo.clone().unwrap_or_else(beside);
    // Before the batch: if the process ends at any point from now on, the batch can be undone.
    let kept = undo::save(&path, &plan.inverse().to_json())?;
    let waiting = arguments
        .confirm
        .map(|time| Waiting::new(url, &arguments.plan, plan, time));
    let mut waiting = match waiting.transpose() {
        Ok(waiting) => waiting,
        Err(error) => {
            kept.discard();
            return Err(error);
        }
    };
    match certbind_migrate::apply(store.bindings(), plan) {
        Ok(undo) => {
            kept.update(&undo.to_json()).inspect_err(|_| {
                warn("the plan was applied; its undo plan may differ from the current bindings");
            })?;
            if let Some(waiting) = &mut waiting {
                waiting.update(&undo);
            }
            Ok((kept, waiting))
        }
        Err(error) => {
            if changed_nothing(&error) {
                kept.discard();
                waiting.into_iter().for_each(Waiting::discard);
            }
            Err(error.into())
        }
    }
}

/// Whether an error is known to have left the store unchanged. After other errors the undo file
/// stays: either it is needed, or applying it is refused since there is nothing to undo.
fn changed_nothing(error: &certbind_migrate::Error) -> bool {
    use StoreError as E;
    match error {
        certbind_migrate::Error::Stale { .. } => true,
        certbind_migrate::Error::Store(error) => matches!(
            error,
            E::AlreadyExists { .. }
                | E::NotFound { .. }
                | E::Conflict { .. }
                | E::AccessDenied { .. }
                | E::CertificateUnavailable { .. }
                | E::Invalid { .. }
                | E::Unsupported { .. }
                | E::ReadOnly
                | E::InUse { .. }
        ),
        _ => false,
    }
}

fn confirm(plan: &Plan, url: &StoreUrl) -> Result<(), Error> {
    let (changes, url) = (plan_text::changes(plan), url.to_string());
    confirmed(&format!("Change {changes} in {}?", escaped(&url)))
}

/// Asks the user at the terminal. The question is escaped.
pub(super) fn confirmed(question: &str) -> Result<(), Error> {
    if !io::stdin().is_terminal() {
        return Err(Error::NotConfirmed);
    }
    let mut terminal = io::stderr().lock();
    write!(terminal, "{question} [y/N] ")?;
    terminal.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::Declined),
    }
}

fn report(
    arguments: &Apply,
    plan: &Plan,
    applied: bool,
    kept: Option<&UndoFile>,
    said: &str,
) -> Result<u8, Error> {
    match arguments.format.format {
        Format::Table => print(&format!("\n{said}\n"))?,
        Format::Json => {
            let kept = kept.map(|kept| kept.path().display().to_string());
            print_json(&as_json(arguments, plan, applied, kept))?;
        }
    }
    Ok(exit::DONE)
}

fn as_json(
    arguments: &Apply,
    plan: &Plan,
    applied: bool,
    undo: Option<String>,
) -> serde_json::Value {
    let keys = |of: fn(&Step) -> bool| -> Vec<_> {
        plan.steps()
            .iter()
            .filter(|step| of(step))
            .map(Step::key)
            .collect()
    };
    json!({
        "target": plan.header().target,
        "applied": applied,
        "dry_run": arguments.dry_run,
        "created": keys(|step| matches!(step, Step::Create { .. })),
        "replaced": keys(|step| matches!(step, Step::Replace { .. })),
        "deleted": keys(|step| matches!(step, Step::Delete { .. })),
        "unchanged": plan.counts().unchanged,
        "owners": owners(plan),
        "undo": undo,
    })
}

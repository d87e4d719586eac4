//! `heal`: restores options that a renewal lost, and keeps the new certificates.

use std::collections::HashMap;
use std::fmt::Write as _;

use certbind_core::{Binding, BindingKey};
use certbind_migrate::{Healing, Plan, Purpose, Step};
use serde_json::json;

use super::{plan, scripts};
use crate::changes::{changed, counted};
use crate::cli::heal::Heal;
use crate::cli::output::Format;
use crate::error::Error;
use crate::exit;
use crate::input::{Contents, Input};
use crate::message::warn;
use crate::print::{print, print_json};
use crate::stores::Opened;
use crate::terminal::escaped;
use crate::undo;
use crate::warnings::warn_of;
use certbind_backends::Access;

/// The outcome of the changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Shown,
    Written,
    Healed,
}

/// Gives earlier bindings from a listing the options that the listing does not show: those of now stay.
fn complete(earlier: &mut Contents, now: &[Binding]) {
    let export = earlier.reading.as_ref().map(|reading| &reading.export);
    let Some(layout) = export.and_then(|export| export.layout.as_ref()) else {
        return;
    };
    let now: HashMap<_, _> = now.iter().map(|now| (now.key(), now)).collect();
    for binding in &mut earlier.bindings {
        if let Some(now) = now.get(binding.key()) {
            *binding = layout.completed(binding, now);
        }
    }
}

pub(crate) fn run(arguments: &Heal) -> Result<u8, Error> {
    let before = arguments.before.clone().resolved();
    let target = arguments.target.clone().resolved();
    if before == Input::File("-".into()) && before == target {
        return Err(Error::InputTwice);
    }
    let mut earlier = before.read()?;
    earlier.reading.iter().for_each(warn_of);
    let Contents { bindings, reading } = target.read()?;
    reading.iter().for_each(warn_of);
    complete(&mut earlier, &bindings);
    let mut healing = certbind_migrate::heal(&earlier.bindings, &bindings, arguments.only_paired)?;
    let header = plan::header(
        Purpose::Move,
        Some(plan::name(&before)),
        plan::name(&target),
    );
    healing.plan = healing.plan.with_header(header);
    let mut outcome = Outcome::Shown;
    if let Some(folder) = &arguments.scripts.out {
        let layout = reading.and_then(|reading| reading.export.layout);
        scripts::write(folder, &healing.plan, &arguments.scripts, layout.as_ref())?;
        outcome = Outcome::Written;
    } else if !arguments.dry_run {
        let Input::Store(url) = &target else {
            return Err(Error::HealsFile);
        };
        if healing.plan.changes().next().is_some() {
            apply(
                arguments,
                &Opened::open(url, Access::Change)?,
                &healing.plan,
            )?;
        }
        outcome = Outcome::Healed;
    }
    report(arguments, &healing, outcome)
}

fn apply(arguments: &Heal, store: &Opened, plan: &Plan) -> Result<(), Error> {
    certbind_migrate::check(store.bindings(), plan)?;
    let kept = match &arguments.undo {
        // Before the batch: if the process ends at any point from now on, the batch can be undone.
        Some(path) => Some(undo::save(path, &plan.inverse().to_json())?),
        None => None,
    };
    match certbind_migrate::apply(store.bindings(), plan) {
        Ok(undo) => match kept {
            Some(kept) => kept.update(&undo.to_json()).inspect_err(|_| {
                warn("the bindings were healed; the undo plan may differ from the bindings");
            }),
            None => Ok(()),
        },
        Err(error) => {
            if let (certbind_migrate::Error::Stale { .. }, Some(kept)) = (&error, kept) {
                kept.discard();
            }
            Err(error.into())
        }
    }
}

fn report(arguments: &Heal, healing: &Healing, outcome: Outcome) -> Result<u8, Error> {
    let steps: Vec<_> = healing.plan.changes().collect();
    if arguments.output.format == Format::Json {
        let changes = steps.iter().map(
            |step| json!({ "key": step.key(), "before": step.expected(), "after": step.new_value() }),
        );
        print_json(&json!({
            "dry_run": arguments.dry_run,
            "applied": outcome == Outcome::Healed && !steps.is_empty(),
            "healed": changes.collect::<Vec<_>>(),
            "gone": healing.gone, "new": healing.new,
        }))?;
        return Ok(exit::DONE);
    }
    let mut text = String::new();
    for step in &steps {
        if let Step::Replace {
            expected,
            new_value,
            ..
        } = step
        {
            text.push_str(&changed(expected, new_value));
        }
    }
    let mut keys = |keys: &[BindingKey], what: &str| {
        for key in keys {
            let _ = writeln!(text, "  {key} {what}");
        }
    };
    keys(&healing.gone, "is no longer bound, and stays so");
    keys(&healing.new, "is new, and stays as it is");
    let count = counted(steps.len());
    let said = match (outcome, steps.is_empty()) {
        (_, true) => "Nothing to heal: every binding has its earlier options".to_owned(),
        (Outcome::Shown, _) => format!("Would heal {count}; the certificates stay"),
        (Outcome::Healed, _) => format!("Healed {count}; the certificates stay"),
        (Outcome::Written, _) => {
            let folder = arguments.scripts.out.as_deref().unwrap_or("".as_ref());
            let folder = folder.display().to_string();
            format!("Wrote the scripts for {count} to {}", escaped(&folder))
        }
    };
    print(&format!("{text}{said}\n"))?;
    Ok(exit::DONE)
}

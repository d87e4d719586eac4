//! `diff`: the differences between two stores or exports.

use certbind_backends::Access;
use certbind_core::Binding;
use certbind_migrate::{Comparison, Plan, Planner};
use serde_json::json;

use super::scripts;
use crate::changes::{changed, counted, whole};
use crate::cli::diff::Diff;
use crate::cli::output::Format;
use crate::error::Error;
use crate::exit;
use crate::input::Input;
use crate::past::{At, Past};
use crate::print::{print, print_json};
use crate::stores::{Opened, StoreUrl};
use crate::warnings::warn_of;

pub(crate) fn run(diff: Diff) -> Result<u8, Error> {
    compare(diff).map_err(|error| Error::Diff(Box::new(error)))
}

/// Compares two states of a store.
pub(crate) fn run_past(url: &StoreUrl, diff: &Diff) -> Result<u8, Error> {
    compare_past(url, diff).map_err(|error| Error::Diff(Box::new(error)))
}

fn compare_past(url: &StoreUrl, diff: &Diff) -> Result<u8, Error> {
    let store = Opened::open(url, Access::Read)?;
    let past = Past::read(&store, url)?;
    let state = |at: &At| past.state(past.revision_at(at)?);
    let (before, after) = match &diff.at[..] {
        [before] => (state(before)?, past.bindings.clone()),
        [before, after] => (state(before)?, state(after)?),
        _ => return Err(Error::NothingToCompare),
    };
    let [before, after] = [before, after].map(|state| state.into_values().collect::<Vec<_>>());
    if let Some(folder) = &diff.scripts.out {
        let plan = between(&before, &after)?;
        scripts::write(folder, &plan, &diff.scripts, None)?;
    }
    report(&compared(before, after)?, diff.output.format)
}

fn compare(diff: Diff) -> Result<u8, Error> {
    let before = diff.before.ok_or(Error::NothingToCompare)?;
    let after = diff.after.ok_or(Error::NothingToCompare)?;
    let (before, after) = (before.resolved(), after.resolved());
    let input = Input::File("-".into());
    if before == input && after == input {
        return Err(Error::InputTwice);
    }
    let logs = diff.logs.choice()?;
    let (before, after) = (before.read_with(&logs)?, after.read_with(&logs)?);
    logs.check([before.reading.as_ref(), after.reading.as_ref()])?;
    let readings = [&before.reading, &after.reading];
    readings.into_iter().flatten().for_each(warn_of);
    if let Some(folder) = &diff.scripts.out {
        let plan = between(&before.bindings, &after.bindings)?;
        let layout = before.reading.and_then(|it| it.export.layout);
        scripts::write(folder, &plan, &diff.scripts, layout.as_ref())?;
    }
    report(
        &compared(before.bindings, after.bindings)?,
        diff.output.format,
    )
}

fn report(compared: &[Comparison], format: Format) -> Result<u8, Error> {
    match format {
        Format::Table => print(&in_words(compared))?,
        Format::Json => print_json(&as_json(compared))?,
    }
    Ok(match all_same(compared) {
        true => exit::DONE,
        false => exit::DIFFERENT,
    })
}

/// The plan that makes the first of two the second.
fn between(before: &[Binding], after: &[Binding]) -> Result<Plan, Error> {
    let planner = Planner {
        prune: true,
        ..Planner::default()
    };
    let [before, after] = [before, after].map(|all| all.iter().cloned().map(Ok));
    Ok(planner.plan(after, before)?)
}

/// Each key of two sequences in canonical order.
pub(super) fn compared(
    before: Vec<Binding>,
    after: Vec<Binding>,
) -> Result<Vec<Comparison>, Error> {
    let pairs = certbind_migrate::diff(before.into_iter().map(Ok), after.into_iter().map(Ok));
    Ok(pairs.collect::<Result<_, _>>()?)
}

pub(super) fn all_same(compared: &[Comparison]) -> bool {
    let same = |compared: &Comparison| matches!(compared, Comparison::Same(_));
    compared.iter().all(same)
}

#[cfg(feature = "etcd")]
pub(super) fn read(source: &Input) -> Result<Vec<Binding>, Error> {
    let contents = source.read()?;
    contents.reading.iter().for_each(warn_of);
    Ok(contents.bindings)
}

pub(super) fn in_words(compared: &[Comparison]) -> String {
    let same = compared
        .iter()
        .filter(|it| matches!(it, Comparison::Same(_)));
    match same.count() {
        same if same == compared.len() => format!("The same: {}\n", counted(same)),
        same => format!("{}, {same} the same\n", differences_in_words(compared)),
    }
}

/// Each difference, and how many there are, without the end of the line.
pub(super) fn differences_in_words(compared: &[Comparison]) -> String {
    let mut text = String::new();
    let [mut added, mut removed, mut differ] = [0; 3];
    for compared in compared {
        let (count, printed) = match compared {
            Comparison::Added(binding) => (&mut added, whole('+', binding)),
            Comparison::Removed(binding) => (&mut removed, whole('-', binding)),
            Comparison::Changed { before, after } => (&mut differ, changed(before, after)),
            Comparison::Same(_) => continue,
        };
        *count += 1;
        text.push_str(&printed);
    }
    text + &format!("{added} added, {removed} removed, {differ} changed")
}

pub(super) fn as_json(compared: &[Comparison]) -> serde_json::Value {
    let (mut added, mut removed, mut differ, mut same) = (vec![], vec![], vec![], 0);
    for compared in compared {
        match compared {
            Comparison::Added(binding) => added.push(json!(binding)),
            Comparison::Removed(binding) => removed.push(json!(binding)),
            Comparison::Changed { .. } => {
                differ.push(json!({ "key": compared.key(), "fields": compared.fields() }));
            }
            Comparison::Same(_) => same += 1,
        }
    }
    json!({ "added": added, "removed": removed, "changed": differ, "same": same })
}

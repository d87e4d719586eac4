//! `drift`: the differences between a desired state and a store. Nothing is written.

use certbind_core::Binding;
use certbind_migrate::Comparison;

use super::diff::{all_same, as_json, compared, in_words};
use crate::cli::drift::Drift;
use crate::cli::output::Format;
use crate::desired_state;
use crate::error::Error;
use crate::exit;
use crate::input::Input;
use crate::print::{print, print_json};
use crate::warnings::warn_of;

pub(crate) fn run(drift: &Drift) -> Result<u8, Error> {
    found(drift).map_err(|error| Error::Diff(Box::new(error)))
}

fn found(drift: &Drift) -> Result<u8, Error> {
    let (desired, target) = (
        drift.desired.clone().resolved(),
        drift.target.clone().resolved(),
    );
    let input = Input::File("-".into());
    if desired == input && target == input {
        return Err(Error::InputTwice);
    }
    let (file, host) = (desired.clone(), target.host());
    let (desired, target) = (desired.read()?, target.read()?);
    let host = host.or_else(|| target.host());
    desired_state::warn_for(&file, desired.reading.as_ref(), host.as_deref());
    let readings = [&desired.reading, &target.reading];
    readings.into_iter().flatten().for_each(warn_of);
    let managed = desired.reading.and_then(|reading| reading.managed);
    // Bindings of other applications are not managed by the file.
    let is_managed = |binding: &Binding| match &managed {
        Some(ids) => ids.contains(&binding.record().app_id),
        None => true,
    };
    let mut compared = compared(desired.bindings, target.bindings)?;
    compared.retain(|it| match it {
        Comparison::Added(binding) => is_managed(binding) && !drift.ignores_key(binding.key()),
        Comparison::Removed(binding) => !drift.ignores_key(binding.key()),
        Comparison::Changed { before, after } => {
            !drift.ignores_key(before.key()) && !drift.ignores_fields(before, after)
        }
        Comparison::Same(_) => true,
    });
    match drift.output.format {
        Format::Table => print(&in_words(&compared))?,
        Format::Json => print_json(&as_json(&compared))?,
    }
    Ok(match all_same(&compared) {
        true => exit::DONE,
        false => exit::DIFFERENT,
    })
}

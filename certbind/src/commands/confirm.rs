//! `confirm`: keeps the changes of `apply --confirm`.

use std::path::Path;

use serde_json::json;

use crate::cli::confirm::Confirm;
use crate::cli::output::Format;
use crate::error::Error;
use crate::exit;
use crate::message::warn;
use crate::print::{print, print_json};
use crate::stores::StoreUrl;
use crate::terminal::escaped;
use crate::unconfirmed::{self, Entry};

pub(crate) fn run(url: Option<&StoreUrl>, arguments: &Confirm) -> Result<u8, Error> {
    // Those whose time is over are not kept, also if their process has ended.
    let late = recover(url)?;
    let asked = arguments.plan.as_deref().map(absolute);
    let is_asked = |entry: &Entry| asked.as_ref().is_none_or(|plan| *plan == entry.plan);
    let mut waiting = unconfirmed::all()?;
    waiting.retain(|it| is_asked(&it.entry));
    let unconfirmed = match waiting.as_slice() {
        [] if late.iter().any(is_asked) => return Err(Error::ConfirmedTooLate),
        [] => return Err(Error::NothingToConfirm),
        [only] => only,
        several => {
            let plans = several.iter().map(|it| it.entry.plan.display().to_string());
            return Err(Error::SeveralToConfirm {
                plans: plans.collect::<Vec<_>>().join(", "),
            });
        }
    };
    if !unconfirmed.confirm()? {
        return Err(Error::ConfirmedTooLate);
    }
    let Entry { plan, target, .. } = &unconfirmed.entry;
    match arguments.output.format {
        Format::Table => {
            let (plan, target) = (plan.display().to_string(), target);
            print(&format!(
                "Confirmed: the changes of {} in {} are kept\n",
                escaped(&plan),
                escaped(target)
            ))?;
        }
        Format::Json => print_json(&json!({ "plan": plan, "target": target }))?,
    }
    Ok(exit::DONE)
}

fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Rolls back the changes that were not confirmed in time and whose process has ended, with a
/// message. Returns the entries that were rolled back.
pub(crate) fn recover(url: Option<&StoreUrl>) -> Result<Vec<Entry>, Error> {
    let mut rolled_back = Vec::new();
    for recovered in unconfirmed::recover(url)? {
        let (plan, target) = (&recovered.entry.plan, &recovered.entry.target);
        let plan = plan.display();
        match recovered.result {
            Ok(true) => warn(&escaped(&format!(
                "the changes of {plan} in {target} were not confirmed and have been rolled back"
            ))),
            Ok(false) => {}
            Err(error) => {
                warn(&escaped(&format!(
                    "the changes of {plan} in {target} were not confirmed and cannot be rolled back: \
                     {error}; to keep the current bindings: certbind confirm {plan}"
                )));
                continue;
            }
        }
        rolled_back.push(recovered.entry);
    }
    Ok(rolled_back)
}

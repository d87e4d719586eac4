//! `undo` and `restore`: earlier bindings, as a new commit.

use std::collections::BTreeSet;

use certbind_backends::Access;
use certbind_core::history::Before;
use certbind_core::{Batch, BindingKey, Change, Precondition};
use serde_json::json;

use super::diff::{as_json, differences_in_words};
use crate::add_observation::differences;
use crate::cli::history::{HistoryChange, Restore, Undo};
use crate::cli::output::Format;
use crate::error::Error;
use crate::exit;
use crate::past::{Past, State};
use crate::print::{print, print_json};
use crate::stores::{Opened, StoreUrl};

/// Takes a commit back.
pub(crate) fn undo(url: &StoreUrl, undo: &Undo) -> Result<u8, Error> {
    let store = open(url, &undo.change)?;
    let past = Past::read(&store, url)?;
    let revision = undo.revision.unwrap_or(past.revision);
    let commit = past.commit(revision)?;
    let (after, before) = (past.state(revision)?, past.state(revision - 1)?);
    let keys: BTreeSet<&BindingKey> = match &commit.before {
        Before::Values(values) => values.iter().map(|(key, _)| key).collect(),
        Before::Empty | Before::TooLong => after.keys().collect(),
    };
    let current = |key: &BindingKey| past.bindings.get(key);
    let mut changed = keys.iter().filter(|key| current(key) != after.get(key));
    if !undo.force
        && let Some(first) = changed.next()
    {
        return Err(Error::ChangedSince {
            key: (*first).clone(),
            more: changed.count(),
            revision,
        });
    }
    let mut target = past.bindings.clone();
    for key in keys {
        match before.get(key) {
            Some(binding) => target.insert(key.clone(), binding.clone()),
            None => target.remove(key),
        };
    }
    commit_state(&store, &past, &target, &undo.change, |made| match made {
        Some(made) => format!("Undid revision {revision}; this is revision {made}\n"),
        None => format!("Would undo revision {revision}\n"),
    })
}

/// Restores all bindings of an earlier state.
pub(crate) fn restore(url: &StoreUrl, restore: &Restore) -> Result<u8, Error> {
    let store = open(url, &restore.change)?;
    let past = Past::read(&store, url)?;
    let revision = past.revision_at(&restore.at)?;
    let target = past.state(revision)?;
    commit_state(&store, &past, &target, &restore.change, |made| match made {
        Some(made) => format!("Restored revision {revision}; this is revision {made}\n"),
        None => format!("Would restore revision {revision}\n"),
    })
}

fn open(url: &StoreUrl, change: &HistoryChange) -> Result<Opened, Error> {
    let access = match change.dry_run {
        true => Access::Read,
        false => Access::Change,
    };
    let store = Opened::open(url, access)?;
    match store.recording()? {
        Some(recording) => Err(Error::ChangesRecording {
            store: url.to_string(),
            host: recording.host,
        }),
        None => Ok(store),
    }
}

/// Commits the difference to a state, unless another program has changed one of its keys in the
/// meantime.
fn commit_state(
    store: &Opened,
    past: &Past,
    target: &State,
    arguments: &HistoryChange,
    title: impl FnOnce(Option<u64>) -> String,
) -> Result<u8, Error> {
    let compared = differences(&past.bindings, target)?;
    let mut made = None;
    if !arguments.dry_run && !compared.is_empty() {
        let changes = compared.iter().map(|it| {
            let key = it.key().clone();
            let expected = match past.bindings.get(&key) {
                Some(binding) => Precondition::Exactly(Box::new(binding.clone())),
                None => Precondition::Absent,
            };
            let new = target.get(&key).cloned();
            Change::new(key, expected, new)
        });
        let batch = Batch::new(changes.collect::<Result<Vec<_>, _>>()?)?;
        made = store.bindings().apply(&batch)?.revision();
    }
    match arguments.output.format {
        Format::Json => {
            let mut json = as_json(&compared);
            if let Some(json) = json.as_object_mut() {
                json.remove("same");
                json.insert("dry_run".to_owned(), json!(arguments.dry_run));
                json.insert("revision".to_owned(), json!(made));
            }
            print_json(&json)?;
        }
        Format::Table if compared.is_empty() => print("Already so: nothing was changed\n")?,
        Format::Table => print(&format!(
            "{}{}\n",
            title(made),
            differences_in_words(&compared)
        ))?,
    }
    Ok(exit::DONE)
}

//! `json=` of the newest release. That netsh has the tag is documented, and what goes with it is
//! not: here it is the JSON export of certbind, which says so and holds all that a binding has.

use std::path::Path;

use certbind_core::{Batch, Binding, BindingStore, Change, StoreError};
use certbind_formats::{Export, ReadOptions, json};

use super::grammar::{Given, Refusal};
use super::messages::{self, Answer};
use super::tags::JSON;
use super::verb::Verb;
use crate::terminal::EscapingJson;

/// `add` and `update` of what a file says, all of it or nothing. An update replaces extended
/// properties as well, since they stand in the file. None if no file is named.
///
/// # Errors
/// [`Refusal::Syntax`] if anything else is given: the file says it all.
pub(super) fn change(
    store: &dyn BindingStore,
    verb: Verb,
    given: &Given<'_>,
) -> Result<Option<Answer>, Refusal> {
    let Some(file) = given.value(JSON) else {
        return Ok(None);
    };
    if given.count() > 1 {
        return Err(Refusal::Syntax);
    }
    let (change, done, what): (fn(Binding) -> Change, _, _) = match verb {
        Verb::Update => (Change::update, "updated", "update"),
        _ => (Change::insert, "added", "add"),
    };
    let changed = match read(Path::new(file)) {
        Ok(bindings) => applied(store, bindings.into_iter().map(change)),
        Err(why) => return Ok(Some(messages::unreadable(file, &why))),
    };
    Ok(Some(match changed {
        Ok(()) => messages::success(done),
        // A file has many bindings: which of them it was stands in the error alone.
        Err(error) => messages::failure(what, &error).and_told(&error),
    }))
}

fn applied(
    store: &dyn BindingStore,
    changes: impl Iterator<Item = Change>,
) -> Result<(), StoreError> {
    store.apply(&Batch::new(changes)?).map(drop)
}

/// The bindings that a file names, at least one.
fn read(file: &Path) -> Result<Vec<Binding>, String> {
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    let reading = json::read(&bytes, &ReadOptions::default());
    let bindings = reading.map_err(|error| error.to_string())?.export.bindings;
    if bindings.is_empty() {
        return Err("there is no binding in it".to_owned());
    }
    Ok(bindings)
}

/// `show` as such a file.
pub(super) fn listing(bindings: Vec<Binding>) -> Answer {
    let export = Export {
        bindings,
        ..Export::default()
    };
    let mut text = Vec::new();
    match json::write(&mut EscapingJson(&mut text), &export) {
        Ok(()) => Answer::done(String::from_utf8_lossy(&text)),
        Err(error) => messages::unreadable("show sslcert", &error.to_string()),
    }
}

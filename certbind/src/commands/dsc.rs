//! `dsc`: the operations of the DSC resource.

use certbind_backends::Access;
use certbind_core::{Binding, BindingKey, Scan, StoreError};
use serde::Serialize;

use super::change::put;
use crate::cli::dsc::Dsc;
use crate::dsc::instance::{Desired, Filter, Instance};
use crate::dsc::state::{changed, state};
use crate::dsc::{MANIFEST, input, schema};
use crate::error::Error;
use crate::exit;
use crate::message::warn;
use crate::print::{Reader, Stream, print};
use crate::stores::{Opened, StoreUrl};
use crate::terminal::{escaped, escaped_json};

pub(crate) fn run(url: impl Fn() -> Result<StoreUrl, Error>, operation: &Dsc) -> Result<u8, Error> {
    match operation {
        Dsc::Get => get(&url()?)?,
        Dsc::Set { what_if } => set(&url()?, *what_if)?,
        Dsc::Test => test(&url()?)?,
        Dsc::Export => export(&url()?)?,
        Dsc::Schema => print(&line(&schema::schema()?)?)?,
        Dsc::Manifest => print(MANIFEST)?,
    }
    Ok(exit::DONE)
}

fn get(url: &StoreUrl) -> Result<(), Error> {
    let instance = Instance::parse(&input::read()?)?;
    let actual = actual(url, instance.key())?;
    print(&line(&state(instance.key(), actual.as_ref())?)?)
}

fn test(url: &StoreUrl) -> Result<(), Error> {
    let instance = Instance::parse(&input::read()?)?;
    let key = instance.key().clone();
    let desired = instance.desired()?;
    let actual = actual(url, &key)?;
    let differences = desired.differences(&key, actual.as_ref())?;
    let mut state = state(&key, actual.as_ref())?;
    state.insert("_inDesiredState".to_owned(), differences.is_empty().into());
    print(&(line(&state)? + &line(&differences)?))
}

fn set(url: &StoreUrl, what_if: bool) -> Result<(), Error> {
    let instance = Instance::parse(&input::read()?)?;
    let (key, exists) = (instance.key().clone(), instance.exists());
    let desired = instance.desired()?;
    let (before, after) = match (what_if, exists) {
        (true, _) => expect(url, &key, exists, &desired)?,
        (false, true) => {
            let change = |found: Option<&Binding>| desired.binding(&key, found);
            let (before, after) = put(url, &key, change, &desired.guards()?)?;
            (before, Some(after))
        }
        (false, false) => (remove(url, &key)?, None),
    };
    let changed = changed(before.as_ref(), after.as_ref());
    print(&(line(&state(&key, after.as_ref())?)? + &line(&changed)?))
}

/// The binding before a change, and the expected one after it. Changes that `set` would refuse are
/// refused here as well.
fn expect(
    url: &StoreUrl,
    key: &BindingKey,
    exists: bool,
    desired: &Desired,
) -> Result<(Option<Binding>, Option<Binding>), Error> {
    let before = actual(url, key)?;
    if !exists {
        return Ok((before, None));
    }
    let after = desired.binding(key, before.as_ref())?;
    if before.as_ref() != Some(&after) {
        desired.guards()?.check([(before.as_ref(), &after)])?;
    }
    Ok((before, Some(after)))
}

/// Removes a binding, if there is one.
fn remove(url: &StoreUrl, key: &BindingKey) -> Result<Option<Binding>, Error> {
    let store = match Opened::open(url, Access::Change) {
        Err(Error::NoStore { .. }) => return Ok(None),
        opened => opened?,
    };
    match store.bindings().remove(key) {
        Err(StoreError::NotFound { .. }) => Ok(None),
        removed => Ok(Some(removed?)),
    }
}

fn export(url: &StoreUrl) -> Result<(), Error> {
    let filter = Filter::parse(&input::read()?)?;
    let Some(store) = existing(url)? else {
        return Ok(());
    };
    let mut out = Stream::new();
    for binding in store.bindings().scan(&Scan::all())? {
        let binding = binding?;
        if !filter.selects(&binding) {
            continue;
        }
        let line = line(&state(binding.key(), Some(&binding))?)?;
        if out.print(&line)? == Reader::Gone {
            return Ok(());
        }
    }
    out.flush()?;
    Ok(())
}

/// The binding of a key.
fn actual(url: &StoreUrl, key: &BindingKey) -> Result<Option<Binding>, Error> {
    match existing(url)? {
        Some(store) => Ok(store.bindings().get(key)?),
        None => Ok(None),
    }
}

/// The store. Before the first `set` there may be none, which is not an error: DSC calls `get` first.
fn existing(url: &StoreUrl) -> Result<Option<Opened>, Error> {
    match Opened::open(url, Access::Read) {
        Err(Error::NoStore { path, .. }) => {
            let path = path.display().to_string();
            warn(&format!(
                "no binding store at {}; nothing is bound",
                escaped(&path)
            ));
            Ok(None)
        }
        opened => opened.map(Some),
    }
}

/// One JSON line.
fn line(value: &impl Serialize) -> Result<String, Error> {
    Ok(escaped_json(&(serde_json::to_string(value)? + "\n")))
}

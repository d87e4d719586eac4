//! `update sslpropertyex`: the extended properties that netsh has options for.

use certbind_core::{Binding, BindingStore, Property, PropertyType, PropertyValue, StoreError};

use super::grammar::{self, Given, Refusal};
use super::messages::{self, Answer};
use super::profile::Profile;
use super::tags;
use super::usage;

const PROPERTYID: &str = "propertyid";
const RECEIVEWINDOW: &str = "receivewindow";
const MAXSETTINGSPERFRAME: &str = "maxsettingsperframe";
const MAXSETTINGSPERMINUTE: &str = "maxsettingsperminute";

/// How often a binding is read and changed when others change it in between.
const ATTEMPTS: u32 = 16;

/// Executes the command.
pub(super) fn update(store: &dyn BindingStore, profile: Profile, arguments: &[String]) -> Answer {
    let done = set(store, profile, arguments);
    done.unwrap_or_else(|refusal| match refusal {
        Refusal::Value => messages::bad_value(),
        _ => messages::bad_syntax(&usage::property_help(profile)),
    })
}

fn set(
    store: &dyn BindingStore,
    profile: Profile,
    arguments: &[String],
) -> Result<Answer, Refusal> {
    let mut tags = tags::of_key(profile);
    tags.extend([
        PROPERTYID,
        RECEIVEWINDOW,
        MAXSETTINGSPERFRAME,
        MAXSETTINGSPERMINUTE,
    ]);
    let given = Given::new(arguments, &tags)?;
    let key = grammar::key(given.key()?.ok_or(Refusal::Syntax)?)?;
    let property = property(&given)?;
    let changed = change(store, &key, |found| {
        let mut record = found.record().clone();
        record.extended = record.extended.with(property.clone());
        Ok(found.clone().with_record(record)?)
    });
    Ok(match changed {
        Ok(()) => messages::success("updated"),
        Err(error) => messages::failure("update", &error),
    })
}

/// The property that is named, with the values that it takes and no others.
fn property(given: &Given<'_>) -> Result<Property, Refusal> {
    let value = |tag| given.value(tag).map(number).transpose();
    let id = value(PROPERTYID)?.ok_or(Refusal::Syntax)?;
    let values = (
        value(RECEIVEWINDOW)?,
        value(MAXSETTINGSPERFRAME)?,
        value(MAXSETTINGSPERMINUTE)?,
    );
    let value = match (PropertyType::from_number(id), values) {
        (Some(PropertyType::Http2Window), (Some(receive_window), None, None)) => {
            PropertyValue::Http2Window { receive_window }
        }
        (
            Some(PropertyType::Http2SettingsLimits),
            (None, Some(max_per_frame), Some(max_per_minute)),
        ) => PropertyValue::Http2SettingsLimits {
            max_per_frame,
            max_per_minute,
        },
        (Some(PropertyType::Http2Window | PropertyType::Http2SettingsLimits), _) => {
            return Err(Refusal::Syntax);
        }
        _ => return Err(Refusal::Value),
    };
    Ok(value.into())
}

fn number(text: &str) -> Result<u32, Refusal> {
    if !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Refusal::Value);
    }
    text.parse().map_err(|_| Refusal::Value)
}

/// Changes a binding.
pub(super) fn change(
    store: &dyn BindingStore,
    key: &certbind_core::BindingKey,
    change: impl Fn(&Binding) -> Result<Binding, StoreError>,
) -> Result<(), StoreError> {
    let mut attempt = 1;
    loop {
        let found = store.get(key)?;
        let found = found.ok_or_else(|| StoreError::NotFound { key: key.clone() })?;
        let changed = change(&found)?;
        match store.compare_and_swap(key, Some(found), Some(changed)) {
            Err(StoreError::Conflict { .. }) if attempt < ATTEMPTS => attempt += 1,
            done => return done.map(drop),
        }
    }
}

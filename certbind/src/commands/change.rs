//! `add`, `update`, `set` and `delete`, and `set` of the DSC resource: one binding is changed.

use certbind_backends::Access;
use certbind_core::{Binding, BindingKey, Change, Precondition, Record, StoreError, Uuid};
use clap::Args;
use serde_json::json;

use crate::cli::certificate::{CertificateSource, Checks};
use crate::cli::change::Change as Arguments;
use crate::cli::delete::Delete;
use crate::cli::output::Format;
use crate::cli::record::RecordOptions;
use crate::error::Error;
use crate::exit;
use crate::guards::Guards;
use crate::input::scan_all;
use crate::new_certificate::NewCertificate;
use crate::print::{print, print_json};
use crate::stores::{Opened, StoreUrl};

/// The attempts to change a binding when other processes change it at the same time.
const ATTEMPTS: u32 = 16;

/// The values that a command sets.
pub(crate) struct Values<'a> {
    certificate: &'a CertificateSource,
    checks: &'a Checks,
    app_id: Option<Uuid>,
    options: &'a RecordOptions,
    dry_run: bool,
}

impl<'a> Values<'a> {
    pub(crate) fn new<O: Args>(arguments: &'a Arguments<O>, app_id: Option<Uuid>) -> Self {
        Self {
            certificate: &arguments.certificate,
            checks: &arguments.checks,
            app_id,
            options: &arguments.options,
            dry_run: arguments.dry_run,
        }
    }
}

/// The values, with the certificate read.
struct Wanted<'a> {
    new: Option<NewCertificate>,
    guards: Guards,
    app_id: Option<Uuid>,
    options: &'a RecordOptions,
    dry_run: bool,
}

/// Binds a key that is not bound. An equal binding is left unchanged.
pub(crate) fn add(
    url: &StoreUrl,
    key: BindingKey,
    values: &Values<'_>,
    format: Format,
) -> Result<u8, Error> {
    let wanted = values.read(url)?;
    let binding = wanted.create(key)?;
    wanted.guards.check([(None, &binding)])?;
    let store = match wanted.dry_run {
        true => Opened::open_or_empty_for_preview(url)?,
        false => Opened::open(url, Access::Create)?,
    };
    let inserted = match wanted.dry_run {
        true => insertion_preview(&store, &binding),
        false => applied(&store, Change::insert(binding.clone())),
    };
    match inserted {
        Err(error @ StoreError::AlreadyExists { .. }) => {
            if store.bindings().get(binding.key())?.as_ref() != Some(&binding) {
                return Err(error.into());
            }
            report(format, &wanted, Some(&binding), &binding)
        }
        inserted => report(format, &wanted, None, &inserted?.unwrap_or(binding)),
    }
}

/// Updates the given fields of a binding.
pub(crate) fn update(
    url: &StoreUrl,
    key: &BindingKey,
    values: &Values<'_>,
    format: Format,
) -> Result<u8, Error> {
    if values.is_empty() {
        return Err(Error::NothingToUpdate);
    }
    let wanted = values.read(url)?;
    let change = |found: Option<&Binding>| match found {
        Some(before) => wanted.change(before),
        None => Err(StoreError::NotFound { key: key.clone() }.into()),
    };
    let (before, after) = match wanted.dry_run {
        true => {
            let store = Opened::open_for_preview(url)?;
            preview(&store, key, change, &wanted.guards)?
        }
        false => {
            let store = Opened::open(url, Access::Change)?;
            swap(&store, key, change, &wanted.guards)?
        }
    };
    report(format, &wanted, before.as_ref(), &after)
}

/// Creates a binding, or updates the given fields of it.
pub(crate) fn set(
    url: &StoreUrl,
    key: &BindingKey,
    values: &Values<'_>,
    format: Format,
) -> Result<u8, Error> {
    let wanted = values.read(url)?;
    let change = |found: Option<&Binding>| match found {
        Some(before) => wanted.change(before),
        None => wanted.create(key.clone()),
    };
    let (before, after) = match wanted.dry_run {
        true => {
            let store = Opened::open_or_empty_for_preview(url)?;
            preview(&store, key, change, &wanted.guards)?
        }
        false => put(url, key, change, &wanted.guards)?,
    };
    report(format, &wanted, before.as_ref(), &after)
}

/// Creates or changes the binding of a key, unless it is already so. Returns the bindings before and after.
pub(crate) fn put(
    url: &StoreUrl,
    key: &BindingKey,
    change: impl Fn(Option<&Binding>) -> Result<Binding, Error>,
    guards: &Guards,
) -> Result<(Option<Binding>, Binding), Error> {
    // A binding that cannot be bound creates no store.
    let store = match Opened::open(url, Access::Change) {
        Err(Error::NoStore { .. }) => {
            guards.check([(None, &change(None)?)])?;
            Opened::open(url, Access::Create)?
        }
        opened => opened?,
    };
    swap(&store, key, change, guards)
}

pub(crate) fn delete(url: &StoreUrl, arguments: &Delete) -> Result<u8, Error> {
    let (key, dry_run) = (&arguments.key, arguments.dry_run);
    let removed = match dry_run {
        true => {
            let found = Opened::open_for_preview(url)?.bindings().get(key)?;
            found.ok_or_else(|| StoreError::NotFound { key: key.clone() })
        }
        false => Opened::open(url, Access::Change)?.bindings().remove(key),
    };
    let removed = match removed {
        Err(StoreError::NotFound { .. }) if arguments.ignore_not_found => None,
        removed => Some(removed?),
    };
    if arguments.output.format == Format::Json {
        let changed = removed.is_some();
        print_json(&json!({ "key": key, "changed": changed, "before": removed, "after": null }))?;
        return Ok(exit::DONE);
    }
    print(&match removed.as_ref().map(certificate_of) {
        None => format!("{key} is not bound\n"),
        Some(certificate) if dry_run => {
            format!("Would delete {key}, bound to {certificate} now\n")
        }
        Some(certificate) => format!("Deleted {key}, bound to {certificate} before\n"),
    })?;
    Ok(exit::DONE)
}

/// Applies a change. Returns the binding after it as the store has it: HTTP.sys may store another
/// form than was written.
fn applied(store: &Opened, change: Change) -> Result<Option<Binding>, StoreError> {
    let applied = store.bindings().apply(&change.into())?;
    let outcome = applied.outcomes().first();
    Ok(outcome.and_then(|outcome| outcome.after.clone()))
}

/// As [`applied`] for an insertion, without making it.
fn insertion_preview(store: &Opened, binding: &Binding) -> Result<Option<Binding>, StoreError> {
    match store.bindings().get(binding.key())? {
        Some(found) => Err(StoreError::AlreadyExists {
            key: binding.key().clone(),
            found: Some(Box::new(found)),
        }),
        None => Ok(None),
    }
}

/// As [`swap`], without making the change.
fn preview(
    store: &Opened,
    key: &BindingKey,
    change: impl Fn(Option<&Binding>) -> Result<Binding, Error>,
    guards: &Guards,
) -> Result<(Option<Binding>, Binding), Error> {
    let before = store.bindings().get(key)?;
    let after = change(before.as_ref())?;
    if before.as_ref() != Some(&after) {
        guards.check([(before.as_ref(), &after)])?;
    }
    Ok((before, after))
}

/// Replaces the binding of a key atomically. Returns the bindings before and after.
fn swap(
    store: &Opened,
    key: &BindingKey,
    change: impl Fn(Option<&Binding>) -> Result<Binding, Error>,
    guards: &Guards,
) -> Result<(Option<Binding>, Binding), Error> {
    let mut attempt = 1;
    loop {
        let before = store.bindings().get(key)?;
        let after = change(before.as_ref())?;
        if before.as_ref() == Some(&after) {
            return Ok((before, after));
        }
        guards.check([(before.as_ref(), &after)])?;
        let precondition = match before.clone() {
            Some(binding) => Precondition::Exactly(Box::new(binding)),
            None => Precondition::Absent,
        };
        let change = Change::new(key.clone(), precondition, Some(after.clone()))?;
        match applied(store, change) {
            Err(StoreError::Conflict { .. } | StoreError::AlreadyExists { .. })
                if attempt < ATTEMPTS =>
            {
                attempt += 1;
            }
            swapped => return Ok((before, swapped?.unwrap_or(after))),
        }
    }
}

impl Values<'_> {
    fn is_empty(&self) -> bool {
        let Self {
            certificate,
            checks: _,
            app_id,
            options,
            dry_run: _,
        } = self;
        certificate.hash.is_none()
            && certificate.cert.is_none()
            && app_id.is_none()
            && options.is_empty()
    }

    /// Reads the certificate. A prefix of a hash is looked up in the store.
    fn read(&self, url: &StoreUrl) -> Result<Wanted<'_>, Error> {
        let bindings = || scan_all(Opened::open(url, Access::Read)?.bindings());
        let new = NewCertificate::named(self.certificate, self.checks, bindings)?;
        Ok(Wanted {
            guards: Guards::of(self.checks, new.as_ref())?,
            new,
            app_id: self.app_id,
            options: self.options,
            dry_run: self.dry_run,
        })
    }
}

impl Wanted<'_> {
    /// A binding with these values, and the default for all others.
    fn create(&self, key: BindingKey) -> Result<Binding, Error> {
        let app_id = self
            .app_id
            .ok_or_else(|| arguments(&key, "it is not bound; add --app-id to bind it"))?;
        let mut record = match (&self.new, key.kind().names_certificate()) {
            (Some(new), true) => Record::new(*new.hash(), None, app_id),
            (None, false) => Record::central(app_id),
            (None, true) => {
                return Err(arguments(&key, "name the certificate by --hash or --cert"));
            }
            (Some(_), false) => {
                return Err(arguments(
                    &key,
                    "its certificate comes from the central store; leave out --hash and --cert",
                ));
            }
        };
        self.options.apply(&key, &mut record)?;
        Ok(Binding::new(key, record)?)
    }

    /// A binding changed to these values.
    fn change(&self, before: &Binding) -> Result<Binding, Error> {
        let mut record = before.record().clone();
        match (&mut record.certificate, &self.new) {
            (Some(certificate), Some(new)) => certificate.hash = *new.hash(),
            (None, Some(_)) => {
                return Err(arguments(
                    before.key(),
                    "its certificate comes from the central store",
                ));
            }
            (_, None) => {}
        }
        record.app_id = self.app_id.unwrap_or(record.app_id);
        self.options.apply(before.key(), &mut record)?;
        Ok(before.clone().with_record(record)?)
    }
}

fn report(
    format: Format,
    wanted: &Wanted<'_>,
    before: Option<&Binding>,
    after: &Binding,
) -> Result<u8, Error> {
    let key = after.key();
    let changed = before != Some(after);
    if format == Format::Json {
        print_json(&json!({
            "key": key, "changed": changed, "before": before, "after": after,
        }))?;
        return Ok(exit::DONE);
    }
    let certificate = match &wanted.new {
        Some(new) => new.describe(),
        None => certificate_of(after),
    };
    print(&match before {
        None if wanted.dry_run => format!("Would bind {key} to {certificate}\n"),
        Some(_) if changed && wanted.dry_run => {
            format!("Would update {key}, bound to {certificate} then\n")
        }
        None => format!("Bound {key} to {certificate}\n"),
        Some(_) if changed => format!("Updated {key}, bound to {certificate}\n"),
        Some(_) => format!("{key} is already so, bound to {certificate}\n"),
    })?;
    Ok(exit::DONE)
}

fn arguments(key: &BindingKey, problem: &'static str) -> Error {
    Error::Arguments {
        key: key.clone(),
        problem,
    }
}

fn certificate_of(binding: &Binding) -> String {
    match binding.record().hash() {
        Some(hash) => hash.to_string(),
        None => "the central certificate store".to_owned(),
    }
}

//! An instance: the key of a binding, and the state that is desired of it.

use certbind_core::{Binding, BindingKey, Record};
use serde_json::value::RawValue;

use super::input::{Fields, InputError};
use super::properties::{Properties, typed};
use super::state::changed;
use crate::cli::key::key;
use crate::error::Error;
use crate::guards::{Guards, OptionNames};
use crate::new_certificate::NewCertificate;

/// One binding, as an input describes it.
pub(crate) struct Instance {
    key: BindingKey,
    properties: Properties,
}

/// Properties that select instances of an export.
pub(crate) struct Filter {
    key: Option<BindingKey>,
    desired: Desired,
}

/// Desired properties, with the certificate read.
pub(crate) struct Desired {
    properties: Properties,
    new: Option<NewCertificate>,
}

/// The key of an input, and the other properties.
fn parse(fields: Fields) -> Result<(Option<BindingKey>, Properties), InputError> {
    let mut found = None;
    let mut properties = Properties::default();
    for (name, json) in fields.0 {
        match &*name {
            "key" => found = Some(read_key(&json)?),
            _ => properties.read(&name, &json)?,
        }
    }
    if properties.hash.is_some() && properties.cert.is_some() {
        let problem = "hash and cert both name the certificate; remove one";
        return Err(InputError::property("cert", problem));
    }
    if properties.checks.passwords.is_some() && properties.cert.is_none() {
        let problem = "it requires a PFX file in the property cert";
        return Err(InputError::property("passwords", problem));
    }
    if let Some(key) = &found
        && !key.kind().names_certificate()
    {
        for (name, is_given) in [
            ("hash", properties.hash.is_some()),
            ("cert", properties.cert.is_some()),
            ("store_name", properties.store_name.is_some()),
        ] {
            if is_given {
                let problem = format!(
                    "{key} takes its certificate from the central certificate store; remove the property"
                );
                return Err(InputError::property(name, problem));
            }
        }
    }
    Ok((found, properties))
}

fn read_key(json: &RawValue) -> Result<BindingKey, InputError> {
    let text: String = typed("key", json)?;
    key(&text).map_err(|problem| InputError::property("key", problem))
}

impl Instance {
    /// The instance that the text of an input has.
    pub(crate) fn parse(text: &str) -> Result<Self, InputError> {
        let (key, properties) = parse(Fields::parse(text)?)?;
        let key = key.ok_or_else(|| {
            let problem = "it is missing; expected a key such as \"ipport=0.0.0.0:443\"";
            InputError::property("key", problem)
        })?;
        Ok(Self { key, properties })
    }

    pub(crate) fn key(&self) -> &BindingKey {
        &self.key
    }

    /// Whether the binding is to exist, which is the default.
    pub(crate) fn exists(&self) -> bool {
        self.properties.exist.unwrap_or(true)
    }

    /// The desired state. The certificate is read if it has to be bound.
    pub(crate) fn desired(self) -> Result<Desired, Error> {
        let new = match self.properties.exist {
            Some(false) => None,
            _ => self.properties.certificate()?,
        };
        Ok(Desired {
            new,
            properties: self.properties,
        })
    }
}

impl Filter {
    /// The filter that the text of an input has. Nothing selects all.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let fields = match text.trim().is_empty() {
            true => Fields::default(),
            false => Fields::parse(text)?,
        };
        let (key, properties) = parse(fields)?;
        let new = properties.certificate()?;
        let desired = Desired { properties, new };
        Ok(Self { key, desired })
    }

    /// Whether a binding has all the properties.
    pub(crate) fn selects(&self, binding: &Binding) -> bool {
        let properties = &self.desired.properties;
        let names_certificate = binding.record().certificate.is_some();
        let certificate_is_named = self.desired.new.is_some() || properties.store_name.is_some();
        properties.exist != Some(false)
            && self.key.as_ref().is_none_or(|key| key == binding.key())
            && (names_certificate || !certificate_is_named)
            && self.desired.record(binding.record().clone()) == *binding.record()
    }
}

impl Properties {
    fn certificate(&self) -> Result<Option<NewCertificate>, Error> {
        match (&self.cert, self.hash) {
            (Some(path), _) => NewCertificate::of_file(path, &self.checks.passwords()?).map(Some),
            (None, Some(hash)) => Ok(Some(NewCertificate::of_hash(hash))),
            (None, None) => Ok(None),
        }
    }
}

impl Desired {
    /// The checks of the certificate before it is bound.
    pub(crate) fn guards(&self) -> Result<Guards, Error> {
        let guards = Guards::of(&self.properties.checks, self.new.as_ref())?;
        Ok(guards.naming(OptionNames::PROPERTIES))
    }

    /// The binding with the desired properties, and the others unchanged; or a new one.
    pub(crate) fn binding(
        &self,
        key: &BindingKey,
        before: Option<&Binding>,
    ) -> Result<Binding, Error> {
        let Some(before) = before else {
            return Ok(Binding::new(key.clone(), self.record(self.create(key)?))?);
        };
        let record = self.record(before.record().clone());
        Ok(before.clone().with_record(record)?)
    }

    fn create(&self, key: &BindingKey) -> Result<Record, InputError> {
        let missing = |name: &str| {
            let problem = format!("it is missing, and {key} is not bound; name it to bind the key");
            InputError::property(name, problem)
        };
        let app_id = self.properties.app_id.ok_or_else(|| missing("app_id"))?;
        if !key.kind().names_certificate() {
            return Ok(Record::central(app_id));
        }
        let new = self.new.as_ref().ok_or_else(|| missing("hash"))?;
        Ok(Record::new(*new.hash(), None, app_id))
    }

    /// A record with the desired properties.
    fn record(&self, mut record: Record) -> Record {
        let wanted = &self.properties;
        if let Some(certificate) = &mut record.certificate {
            if let Some(new) = &self.new {
                certificate.hash = *new.hash();
            }
            set(&mut certificate.store_name, wanted.store_name.as_ref());
        }
        set(&mut record.app_id, wanted.app_id.as_ref());
        set(&mut record.check_mode, wanted.check_mode.as_ref());
        set(
            &mut record.revocation_freshness_time,
            wanted.revocation_freshness_time.as_ref(),
        );
        set(
            &mut record.url_retrieval_timeout,
            wanted.url_retrieval_timeout.as_ref(),
        );
        set(&mut record.ctl_identifier, wanted.ctl_identifier.as_ref());
        set(&mut record.ctl_store_name, wanted.ctl_store_name.as_ref());
        set(&mut record.flags, wanted.flags.as_ref());
        for (property_type, property) in wanted.extended.iter().flatten() {
            record.extended = match property {
                Some(property) => record.extended.with(property.clone()),
                None => record.extended.without(*property_type),
            };
        }
        record
    }

    /// The names of the properties that differ from the desired state.
    pub(crate) fn differences(
        &self,
        key: &BindingKey,
        actual: Option<&Binding>,
    ) -> Result<Vec<&'static str>, Error> {
        Ok(match (self.properties.exist.unwrap_or(true), actual) {
            (true, Some(actual)) => changed(Some(actual), Some(&self.binding(key, Some(actual))?)),
            (true, None) => [vec!["_exist"], self.properties.named()].concat(),
            (false, Some(_)) => vec!["_exist"],
            (false, None) => Vec::new(),
        })
    }
}

/// Sets a field, if a value is given.
fn set<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}

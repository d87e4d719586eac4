//! The properties of an instance: each is optional, and read on its own.

use std::path::PathBuf;

use certbind_certificates::check_named_path;
use certbind_core::{
    CertCheckMode, CertHash, CtlIdentifier, Property, PropertyType, SslFlags, StoreName, Uuid,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::input::{Fields, InputError};
use crate::cli::applications;
use crate::cli::certificate::Checks;

/// The properties that an input may have.
pub(super) const NAMES: [&str; 16] = [
    "key",
    "_exist",
    "hash",
    "cert",
    "store_name",
    "app_id",
    "check_mode",
    "revocation_freshness_time",
    "url_retrieval_timeout",
    "ctl_identifier",
    "ctl_store_name",
    "flags",
    "extended",
    "passwords",
    "certificates",
    "force",
];

/// Names of other tools and formats, and the property that is meant.
const OTHER_NAMES: [(&str, &str); 20] = [
    ("application", "app_id"),
    ("applicationid", "app_id"),
    ("app", "app_id"),
    ("appid", "app_id"),
    ("certhash", "hash"),
    ("certificatehash", "hash"),
    ("certificatethumbprint", "hash"),
    ("thumbprint", "hash"),
    ("certificate", "cert"),
    ("certificatestorename", "store_name"),
    ("certstorename", "store_name"),
    ("store", "store_name"),
    ("defaultflags", "flags"),
    ("sslflags", "flags"),
    ("ensure", "_exist"),
    ("exists", "_exist"),
    ("hostnameport", "key"),
    ("ip", "key"),
    ("ipport", "key"),
    ("subject", "cert"),
];

/// The reason why session ticket keys are refused: other messages quote the value.
const TICKET_KEYS: &str =
    "expected keys, each with version, id and material; the values are secrets and not shown";

/// The properties of a binding in an input. `None` keeps the bound value.
#[derive(Default)]
pub(crate) struct Properties {
    pub(super) exist: Option<bool>,
    pub(super) hash: Option<CertHash>,
    pub(super) cert: Option<PathBuf>,
    /// `Some(None)` for no name.
    pub(super) store_name: Option<Option<StoreName>>,
    pub(super) app_id: Option<Uuid>,
    pub(super) check_mode: Option<CertCheckMode>,
    pub(super) revocation_freshness_time: Option<u32>,
    pub(super) url_retrieval_timeout: Option<u32>,
    pub(super) ctl_identifier: Option<Option<CtlIdentifier>>,
    pub(super) ctl_store_name: Option<Option<StoreName>>,
    pub(super) flags: Option<SslFlags>,
    /// `None` for a property that is not to be set.
    pub(super) extended: Option<Vec<(PropertyType, Option<Property>)>>,
    pub(super) checks: Checks,
}

impl Properties {
    /// Reads a property other than the key.
    pub(super) fn read(&mut self, name: &str, json: &RawValue) -> Result<(), InputError> {
        let wrong = |problem: String| InputError::Property {
            name: name.to_owned(),
            problem,
        };
        match name {
            "_exist" => self.exist = Some(typed(name, json)?),
            "hash" => {
                let text: String = typed(name, json)?;
                let hash = text.parse().map_err(|error| {
                    wrong(format!(
                        "{error}; expected the SHA-1 thumbprint of the certificate, 40 hexadecimal digits"
                    ))
                })?;
                self.hash = Some(hash);
            }
            "store_name" => self.store_name = Some(optional(name, json)?),
            "app_id" => {
                let text: String = typed(name, json)?;
                self.app_id = Some(applications::id(&text).map_err(wrong)?);
            }
            "check_mode" => {
                let known = CertCheckMode::all();
                self.check_mode = Some(flags(name, json, known.iter_names())?);
            }
            "revocation_freshness_time" => {
                self.revocation_freshness_time = Some(typed(name, json)?);
            }
            "url_retrieval_timeout" => self.url_retrieval_timeout = Some(typed(name, json)?),
            "ctl_identifier" => self.ctl_identifier = Some(optional(name, json)?),
            "ctl_store_name" => self.ctl_store_name = Some(optional(name, json)?),
            "flags" => {
                let known = SslFlags::all();
                self.flags = Some(flags(name, json, known.iter_names())?);
            }
            "extended" => self.extended = Some(extended(json)?),
            "cert" => self.cert = Some(path(name, json)?),
            "passwords" => self.checks.passwords = Some(path(name, json)?),
            "certificates" => self.checks.certificates = Some(path(name, json)?),
            "force" => self.checks.force = typed(name, json)?,
            "_inDesiredState" => return Err(wrong("it is read-only; leave it out".to_owned())),
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// The names of the given properties that a state has.
    pub(super) fn named(&self) -> Vec<&'static str> {
        let Self {
            exist: _,
            hash,
            cert,
            store_name,
            app_id,
            check_mode,
            revocation_freshness_time,
            url_retrieval_timeout,
            ctl_identifier,
            ctl_store_name,
            flags,
            extended,
            checks: _,
        } = self;
        let given = [
            ("hash", hash.is_some() || cert.is_some()),
            ("store_name", store_name.is_some()),
            ("app_id", app_id.is_some()),
            ("check_mode", check_mode.is_some()),
            (
                "revocation_freshness_time",
                revocation_freshness_time.is_some(),
            ),
            ("url_retrieval_timeout", url_retrieval_timeout.is_some()),
            ("ctl_identifier", ctl_identifier.is_some()),
            ("ctl_store_name", ctl_store_name.is_some()),
            ("flags", flags.is_some()),
            ("extended", extended.is_some()),
        ];
        let given = given.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(name, _)| name).collect()
    }
}

/// A value of a type.
pub(super) fn typed<T: DeserializeOwned>(name: &str, json: &RawValue) -> Result<T, InputError> {
    if json.get() == "null" {
        let problem = "null is not a value; omit the property to keep its current value";
        return Err(InputError::property(name, problem));
    }
    serde_json::from_str(json.get()).map_err(|error| {
        let text = error.to_string();
        // The place is one in the value alone.
        let problem = text
            .rsplit_once(" at line ")
            .map_or(&*text, |(text, _)| text);
        InputError::property(name, problem)
    })
}

/// Flags by their names. An unknown name is answered with the most similar one.
fn flags<F: DeserializeOwned>(
    name: &str,
    json: &RawValue,
    known: impl Iterator<Item = (&'static str, F)>,
) -> Result<F, InputError> {
    let given: Vec<String> = typed(name, json)?;
    let known: Vec<String> = known.map(|(name, _)| name.to_ascii_lowercase()).collect();
    typed(name, json).map_err(|error| {
        let is_unknown =
            |it: &&String| !it.starts_with("0x") && !known.contains(&it.to_lowercase());
        let unknown = given.iter().find(is_unknown);
        let similar = unknown.and_then(|found| {
            let meant = similar(found, known.iter().map(String::as_str))?;
            Some(format!(
                "{found:?} is not a known flag; did you mean {meant:?}?"
            ))
        });
        similar.map_or(error, |problem| InputError::property(name, problem))
    })
}

/// A name; an empty text means none.
fn optional<T: std::str::FromStr<Err: std::fmt::Display>>(
    name: &str,
    json: &RawValue,
) -> Result<Option<T>, InputError> {
    let text: String = typed(name, json)?;
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text.parse().map(Some);
    parsed.map_err(|error| InputError::property(name, error))
}

/// A path on this machine. DSC starts the program in the folder of the manifest, so a relative path
/// would start there.
fn path(name: &str, json: &RawValue) -> Result<PathBuf, InputError> {
    let text: String = typed(name, json)?;
    check_named_path(&text)
        .map_err(|problem| InputError::property(name, format!("{text:?}: {problem}")))?;
    let path = PathBuf::from(&text);
    match path.is_absolute() {
        true => Ok(path),
        false => Err(InputError::property(
            name,
            format!("{text:?} is not an absolute path; DSC runs certbind in a folder of its own"),
        )),
    }
}

/// The extended properties that are named; null for one that is not to be set.
fn extended(json: &RawValue) -> Result<Vec<(PropertyType, Option<Property>)>, InputError> {
    let fields: Fields = typed("extended", json)?;
    let fields = fields.0.into_iter().map(|(name, value)| {
        let path = format!("extended.{name}");
        let known = PropertyType::ALL.iter().find(|it| it.name() == name);
        let Some(property_type) = known else {
            let names: Vec<_> = PropertyType::ALL.iter().map(|it| it.name()).collect();
            let problem = match similar(&name, names.iter().copied()) {
                Some(meant) => format!("it is unknown; did you mean {meant:?}?"),
                None => format!("it is unknown; expected one of {}", names.join(", ")),
            };
            return Err(InputError::property(&path, problem));
        };
        if value.get() == "null" {
            return Ok((*property_type, None));
        }
        // The name is one of the list, so the text is JSON.
        let set = format!("{{\"{name}\":{}}}", value.get());
        let set = RawValue::from_string(set);
        let set = set.map_err(|error| InputError::property(&path, error))?;
        match typed(&path, &set) {
            Err(_) if *property_type == PropertyType::SessionTicketKeys => {
                Err(InputError::property(&path, TICKET_KEYS))
            }
            property => Ok((*property_type, Some(property?))),
        }
    });
    fields.collect()
}

fn unknown(name: &str) -> InputError {
    let lower = name.to_lowercase();
    let plain: String = lower.chars().filter(|it| !"_-".contains(*it)).collect();
    let is_same = |known: &&str| known.replace('_', "") == plain;
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == plain);
    let other = other.map(|(_, meant)| *meant);
    let similar = similar(name, NAMES.iter().copied());
    let exact = NAMES.iter().copied().find(is_same);
    let problem = match exact.or(other).or(similar) {
        Some(meant) => format!("it is unknown; did you mean {meant:?}?"),
        None => format!("it is unknown; expected one of {}", NAMES.join(", ")),
    };
    InputError::property(name, problem)
}

/// The known name that is most similar to one, if it may be a slip for it.
fn similar<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, known);
    let similar = known.min_by_key(|known| distance(known));
    similar.filter(|known| distance(known) <= 1 + name.len() / 4)
}

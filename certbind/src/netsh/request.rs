//! The binding that the arguments of `add` and `update` specify.

use certbind_core::{
    Binding, BindingKey, CertCheckMode, CertHash, Certificate, Kind, Record, Uuid,
};

use super::grammar::{self, Given, Refusal};
use super::profile::Profile;
use super::tags::{
    self, APPID, CERTHASH, CERTSTORENAME, CTL_IDENTIFIER, CTL_STORE_NAME, FRESHNESS, TIMEOUT, Value,
};
use certbind_formats::netsh::FLAGS;

/// The binding that `add` and `update` make.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) binding: Binding,
    /// Whether there are options beyond the certificate and the application.
    pub(super) has_options: bool,
}

impl Request {
    /// Reads the arguments. Options that are not given are at netsh's defaults.
    pub(super) fn read(given: &Given<'_>, profile: Profile) -> Result<Self, Refusal> {
        let (kind, spelled) = given.key()?.ok_or(Refusal::Syntax)?;
        let app_id = given.value(APPID).ok_or(Refusal::Syntax)?;
        let needs_store = kind == Kind::Sni;
        if kind.names_certificate() && given.value(CERTHASH).is_none()
            || needs_store && given.value(CERTSTORENAME).is_none()
        {
            return Err(Refusal::Syntax);
        }
        let key = grammar::key((kind, spelled))?;
        let record = Record::central(guid(app_id)?).with_certificate(certificate(given)?);
        let (record, has_options) = with_options(record, given, profile)?;
        Ok(Self {
            binding: binding(key, spelled, record)?,
            has_options,
        })
    }
}

/// The certificate that is named. A key of the central store takes none, which the binding checks,
/// and no store name either.
fn certificate(given: &Given<'_>) -> Result<Option<Certificate>, Refusal> {
    let store_name = given.value(CERTSTORENAME).map(str::parse).transpose();
    let store_name = store_name.map_err(|_| Refusal::Value)?;
    match (given.value(CERTHASH), store_name) {
        (Some(digits), store_name) => {
            let certificate = Certificate::new(hash(digits)?);
            Ok(Some(certificate.with_store_name(store_name)))
        }
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Refusal::Value),
    }
}

fn with_options(
    mut record: Record,
    given: &Given<'_>,
    profile: Profile,
) -> Result<(Record, bool), Refusal> {
    let mut has_options = false;
    let basic = [CERTHASH, CERTSTORENAME];
    for tag in tags::options(profile).filter(|tag| !basic.contains(&tag.name)) {
        let Some(value) = given.value(tag.name) else {
            continue;
        };
        has_options = true;
        match (tag.name, tag.value) {
            (FRESHNESS, _) => {
                let seconds = number(value, profile)?;
                record.revocation_freshness_time = seconds;
                let in_force = CertCheckMode::USE_REVOCATION_FRESHNESS;
                record.check_mode.set(in_force, seconds != 0);
            }
            (TIMEOUT, _) => record.url_retrieval_timeout = number(value, profile)?,
            (CTL_IDENTIFIER, _) => {
                record.ctl_identifier = Some(value.parse().map_err(|_| Refusal::Value)?);
            }
            (CTL_STORE_NAME, _) => {
                record.ctl_store_name = Some(value.parse().map_err(|_| Refusal::Value)?);
            }
            (name, Value::Switch) => {
                let switch = FLAGS.iter().find(|switch| switch.tag == name);
                let switch = switch.ok_or(Refusal::UnknownTag)?;
                switch.set(&mut record, is_enabled(value)?);
            }
            (_, Value::Text | Value::Number) => return Err(Refusal::UnknownTag),
        }
    }
    Ok((record, has_options))
}

/// The record, bound to the key, with the host in its original spelling, which HTTP.sys keeps.
fn binding(key: BindingKey, spelled: &str, record: Record) -> Result<Binding, Refusal> {
    let host = match key.host() {
        Some(_) => spelled.rsplit_once(':').map(|(host, _)| host),
        None => None,
    };
    let binding = Binding::new(key, record).map_err(|_| Refusal::Value)?;
    match host {
        Some(host) => binding.with_host_spelling(host).map_err(|_| Refusal::Value),
        None => Ok(binding),
    }
}

/// Exactly 40 digits: netsh skips no other characters, visible or not.
fn hash(digits: &str) -> Result<CertHash, Refusal> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Refusal::Value);
    }
    digits.parse().map_err(|_| Refusal::Value)
}

/// A GUID in braces, with hyphens.
fn guid(text: &str) -> Result<Uuid, Refusal> {
    let inside = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
    match inside {
        Some(guid) if guid.len() == 36 => Uuid::parse_str(guid).map_err(|_| Refusal::Value),
        _ => Err(Refusal::Value),
    }
}

/// Decimal digits alone.
fn number(text: &str, profile: Profile) -> Result<u32, Refusal> {
    if !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Refusal::Value);
    }
    match text.parse() {
        Ok(0) if !profile.takes_zero() => Err(Refusal::Value),
        Ok(number) => Ok(number),
        Err(_) => Err(Refusal::Value),
    }
}

pub(super) fn is_enabled(value: &str) -> Result<bool, Refusal> {
    if value.eq_ignore_ascii_case("enable") {
        Ok(true)
    } else if value.eq_ignore_ascii_case("disable") {
        Ok(false)
    } else {
        Err(Refusal::Value)
    }
}

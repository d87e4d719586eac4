//! The file `certbind-audit.toml`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use certbind_core::{BindingKey, CertHash, Host, Uuid};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::config::Config;
use crate::rules;
use crate::severity::Severity;
use crate::waiver::{Scope, Waiver};

/// Why a configuration was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct ConfigError {
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The value found, and the expected one.
    pub message: String,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    severities: BTreeMap<RuleId, Wanted>,
    applications: BTreeMap<Uuid, String>,
    limits: Limits,
    waivers: Vec<CheckedWaiver>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    expiring_days: Option<u32>,
    expiring_percent: Option<Percent>,
    least_rsa_bits: Option<usize>,
    least_curve_bits: Option<usize>,
    many_applications: Option<usize>,
    iis_express_ports: Option<Ports>,
}

#[derive(Deserialize)]
#[serde(try_from = "WaiverFields")]
struct CheckedWaiver(Waiver);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverFields {
    rule: RuleId,
    key: Option<BindingKey>,
    certificate: Option<CertHash>,
    name: Option<String>,
    host: Option<String>,
    reason: String,
    #[serde(deserialize_with = "date")]
    until: Date,
}

impl Config {
    /// Parses a `certbind-audit.toml`.
    ///
    /// ```
    /// let now = "2026-06-01T00:00:00Z".parse()?;
    /// let config = certbind_audit::Config::parse(r#"
    ///     [severities]
    ///     CB012 = "warning"       # error, warning, note or off
    ///
    ///     [applications]
    ///     "3fe6d2b8-6c1c-4c5a-8a0f-5cc5f9b7a9d1" = "Order gateway"
    ///
    ///     [limits]
    ///     expiring_days = 45
    ///     iis_express_ports = "44300-44399"
    ///
    ///     [[waivers]]
    ///     rule = "CB005"
    ///     key = "ipport=0.0.0.0:8443"
    ///     host = "web-01"         # on every host without
    ///     reason = "The old agent goes away with the host."
    ///     until = 2026-12-31      # the last day
    /// "#, now)?;
    /// assert_eq!(config.expiring_days, 45);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`], with the line, the value found and the expected one.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, ConfigError> {
        parse(text, now)
    }
}

fn parse(text: &str, now: Timestamp) -> Result<Config, ConfigError> {
    certbind_formats::check_toml_size(text).map_err(|message| ConfigError {
        line: None,
        message,
    })?;
    let file: File = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        ConfigError {
            line: before.map(|before| before.matches('\n').count() + 1),
            message: error.message().to_owned(),
        }
    })?;
    let mut config = Config::at(now);
    let severities = file.severities.into_iter();
    config.severities = severities.map(|(id, wanted)| (id.0, wanted.0)).collect();
    config.applications = file.applications;
    let limits = file.limits;
    config.expiring_days = limits.expiring_days.unwrap_or(config.expiring_days);
    if let Some(Percent(percent)) = limits.expiring_percent {
        config.expiring_percent = percent;
    }
    config.least_rsa_bits = limits.least_rsa_bits.unwrap_or(config.least_rsa_bits);
    config.least_curve_bits = limits.least_curve_bits.unwrap_or(config.least_curve_bits);
    config.many_applications = limits.many_applications.unwrap_or(config.many_applications);
    if let Some(Ports(ports)) = limits.iis_express_ports {
        config.iis_express_ports = ports;
    }
    config.waivers = file.waivers.into_iter().map(|waiver| waiver.0).collect();
    Ok(config)
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RuleId(&'static str);

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        let rule = rules::find(&id).ok_or_else(|| {
            D::Error::custom(format!(
                "no rule has the id {id:?}; docs/rules has a page for each"
            ))
        })?;
        Ok(Self(rule.id))
    }
}

/// A severity, or none for `off`.
struct Wanted(Option<Severity>);

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == "off" {
            return Ok(Self(None));
        }
        let severity = name.parse().map_err(|_| {
            D::Error::custom(format!(
                "expected error, warning, note or off, found {name:?}"
            ))
        })?;
        Ok(Self(Some(severity)))
    }
}

/// A share of 1 to 100 percent.
struct Percent(u8);

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            percent @ 1..=100 => Ok(Self(percent)),
            other => Err(D::Error::custom(format!(
                "expected 1 to 100 percent, found {other}"
            ))),
        }
    }
}

/// Ports from one to another.
struct Ports(RangeInclusive<u16>);

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ends = text.split_once('-').unwrap_or((&text, &text));
        match (ends.0.trim().parse::<u16>(), ends.1.trim().parse::<u16>()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Self(first..=last)),
            _ => Err(D::Error::custom(format!(
                "expected ports as in \"44300-44399\", found {text:?}"
            ))),
        }
    }
}

/// A day: a date of TOML's, or a text.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Day {
        Toml(toml::value::Datetime),
        Text(String),
    }
    let text = match Day::deserialize(deserializer) {
        Ok(Day::Toml(day)) => day.to_string(),
        Ok(Day::Text(text)) => text,
        Err(_) => return Err(D::Error::custom("expected a day, as in 2026-12-31")),
    };
    // A time of day is refused: a waiver applies to whole days.
    (text.len() == "2026-12-31".len())
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| {
            D::Error::custom(format!("expected a day, as in 2026-12-31, found {text:?}"))
        })
}

impl TryFrom<WaiverFields> for CheckedWaiver {
    type Error = String;

    fn try_from(fields: WaiverFields) -> Result<Self, String> {
        let scope = match (fields.key, fields.certificate, fields.name) {
            (Some(key), None, None) => Scope::Key(key),
            (None, Some(hash), None) => Scope::Certificate(hash),
            (None, None, Some(name)) => Scope::Name(
                // A name is written by a person, and compared in its canonical form.
                Host::new(&name).map_or(name, |host| host.as_str().to_owned()),
            ),
            _ => {
                let problem = "a waiver must name exactly one of key, certificate and name";
                return Err(problem.to_owned());
            }
        };
        if fields.reason.trim().is_empty() {
            return Err("a waiver needs a reason".to_owned());
        }
        Ok(Self(Waiver {
            rule: fields.rule.0,
            scope,
            host: fields.host,
            reason: fields.reason,
            until: fields.until,
        }))
    }
}

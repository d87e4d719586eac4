//! Records, keys and queries on one line, which reads back.

use std::fmt;
use std::str::FromStr;

use super::record::{ServiceKey, ServiceQuery, ServiceRecord, UrlReservation};
use super::value::{CacheKey, SettingKey, TimeoutKey};
use super::value_error::ServiceValueError;

/// `urlacl http://+:80/ D:(A;;GX;;;WD)`, `timeout headerwaittimeout 60 s`. It contains texts of
/// other programs without escaping: escape it for a terminal.
impl fmt::Display for ServiceRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key().fmt(f)?;
        match self {
            Self::Listen(_) => Ok(()),
            Self::Reservation(reservation) => write!(f, " {}", reservation.sddl),
            Self::Timeout(_, seconds) => write!(f, " {seconds} s"),
            Self::Cache(_, bytes) => write!(f, " {bytes} bytes"),
            Self::Setting(_, value) => write!(f, " {value}"),
        }
    }
}

/// As `netsh` writes it.
impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen(address) => write!(f, "iplisten {address}"),
            Self::Reservation(url) => write!(f, "urlacl {url}"),
            Self::Timeout(key) => write!(f, "timeout {}", key.name()),
            Self::Cache(key) => write!(f, "cacheparam {}", key.name()),
            Self::Setting(key) => write!(f, "setting {}", key.name()),
        }
    }
}

impl fmt::Display for ServiceQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ListenList => f.write_str("iplisten"),
            Self::NextReservation(index) => write!(f, "urlacl index {index}"),
            Self::Reservation(url) => ServiceKey::Reservation(url.clone()).fmt(f),
            Self::Timeout(key) => ServiceKey::Timeout(*key).fmt(f),
            Self::Cache(key) => ServiceKey::Cache(*key).fmt(f),
            Self::Setting(key) => ServiceKey::Setting(*key).fmt(f),
        }
    }
}

/// Parses the printed form.
impl FromStr for ServiceRecord {
    type Err = ServiceValueError;

    fn from_str(text: &str) -> Result<Self, ServiceValueError> {
        let none = || ServiceValueError::new("record", text, "not a record of this kind");
        let (key, value) = match text.splitn(3, ' ').collect::<Vec<_>>()[..] {
            [kind, name, value] => (format!("{kind} {name}").parse()?, value),
            _ => (text.parse()?, ""),
        };
        let number = |unit| {
            value
                .strip_suffix(unit)
                .and_then(|number| number.parse().ok())
        };
        Ok(match key {
            ServiceKey::Listen(address) if value.is_empty() => Self::Listen(address),
            ServiceKey::Listen(_) => return Err(none()),
            ServiceKey::Reservation(url) => {
                let sddl = value.parse()?;
                Self::Reservation(UrlReservation { url, sddl })
            }
            ServiceKey::Timeout(key) => {
                let seconds = number(" s").and_then(|seconds: u32| seconds.try_into().ok());
                Self::Timeout(key, seconds.ok_or_else(none)?)
            }
            ServiceKey::Cache(key) => Self::Cache(key, number(" bytes").ok_or_else(none)?),
            ServiceKey::Setting(key) => Self::Setting(key, number("").ok_or_else(none)?),
        })
    }
}

/// Parses the printed form.
impl FromStr for ServiceKey {
    type Err = ServiceValueError;

    fn from_str(text: &str) -> Result<Self, ServiceValueError> {
        let none = || ServiceValueError::new("key", text, "not a key of this kind");
        let (kind, name) = text.split_once(' ').ok_or_else(none)?;
        Ok(match kind {
            "iplisten" => Self::Listen(name.parse()?),
            "urlacl" => Self::Reservation(name.parse()?),
            "timeout" => {
                let mut keys = TimeoutKey::ALL.into_iter();
                Self::Timeout(keys.find(|key| key.name() == name).ok_or_else(none)?)
            }
            "cacheparam" => {
                let mut keys = CacheKey::ALL.into_iter();
                Self::Cache(keys.find(|key| key.name() == name).ok_or_else(none)?)
            }
            "setting" => {
                let mut keys = SettingKey::ALL.into_iter();
                Self::Setting(keys.find(|key| key.name() == name).ok_or_else(none)?)
            }
            _ => return Err(none()),
        })
    }
}

/// Parses the printed form.
impl FromStr for ServiceQuery {
    type Err = ServiceValueError;

    fn from_str(text: &str) -> Result<Self, ServiceValueError> {
        if text == "iplisten" {
            return Ok(Self::ListenList);
        }
        if let Some(index) = text.strip_prefix("urlacl index ") {
            let index = index.parse();
            return index
                .map(Self::NextReservation)
                .map_err(|_| ServiceValueError::new("query", text, "its index is not valid"));
        }
        Ok(match text.parse()? {
            ServiceKey::Reservation(url) => Self::Reservation(url),
            ServiceKey::Timeout(key) => Self::Timeout(key),
            ServiceKey::Cache(key) => Self::Cache(key),
            ServiceKey::Setting(key) => Self::Setting(key),
            ServiceKey::Listen(_) => {
                return Err(ServiceValueError::new(
                    "query",
                    text,
                    "the listen list is queried as a whole",
                ));
            }
        })
    }
}

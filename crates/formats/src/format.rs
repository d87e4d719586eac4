//! The formats of an export.

use std::fmt;
use std::str::FromStr;

/// The `format` field of a JSON export.
pub(crate) const JSON_FORMAT: &str = "certbind-export";

/// The newest version of the JSON format that is read.
pub(crate) const JSON_VERSION: u64 = 3;

/// A format of exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The versioned JSON object; see [`json`](crate::json).
    Json,
    /// The output of `netsh http show sslcert`; see [`netsh`](crate::netsh).
    Netsh,
    /// Chunks with checksums; see [`snapshot`](crate::snapshot).
    Snapshot,
    /// A registry export; see [`reg`](crate::reg).
    Reg,
    /// A hive file; see [`hive`](crate::hive).
    Hive,
    /// A desired state in TOML; see [`desired`](crate::desired).
    Toml,
    /// A desired state in YAML; see [`desired`](crate::desired).
    Yaml,
}

impl Format {
    /// The formats that can be read.
    pub const ALL: [Self; 7] = [
        Self::Json,
        Self::Netsh,
        Self::Snapshot,
        Self::Reg,
        Self::Hive,
        Self::Toml,
        Self::Yaml,
    ];

    /// The name: `json`, `netsh`, `snapshot`, `reg`, `hive`, `toml`, `yaml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Netsh => "netsh",
            Self::Snapshot => "snapshot",
            Self::Reg => "reg",
            Self::Hive => "hive",
            Self::Toml => "toml",
            Self::Yaml => "yaml",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownFormat {
                name: name.to_owned(),
            })
    }
}

/// No format of an export has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not an export format; expected one of {}", Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat {
    name: String,
}

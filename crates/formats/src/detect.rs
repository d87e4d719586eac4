//! Telling the forms of an export apart.

use std::fmt;
use std::str::FromStr;

use crate::{encoding, hive, reg, snapshot};

/// A form that an export has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The versioned JSON object; see [`json`](crate::json).
    Json,
    /// What `netsh http show sslcert` prints; see [`netsh`](crate::netsh).
    Netsh,
    /// Chunks with check sums; see [`snapshot`](crate::snapshot).
    Snapshot,
    /// A registry export; see [`reg`](crate::reg).
    Reg,
    /// A hive file; see [`hive`](crate::hive).
    Hive,
}

impl Format {
    /// The forms that can be read.
    pub const ALL: [Self; 5] = [
        Self::Json,
        Self::Netsh,
        Self::Snapshot,
        Self::Reg,
        Self::Hive,
    ];

    /// The name: `json`, `netsh`, `snapshot`, `reg`, `hive`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Netsh => "netsh",
            Self::Snapshot => "snapshot",
            Self::Reg => "reg",
            Self::Hive => "hive",
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

/// No form of an export has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a form of an export; there are {}", Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat {
    name: String,
}

/// The form of the export in `bytes`, told by its start: a snapshot, a hive file and a registry
/// export begin with their names (a snapshot's is known where some of it is damaged), a JSON object
/// with a brace behind any blanks, and nothing that netsh prints does.
#[must_use]
pub fn detect(bytes: &[u8]) -> Format {
    if snapshot::is_meant(bytes) {
        return Format::Snapshot;
    }
    if hive::is_hive(bytes) {
        return Format::Hive;
    }
    if reg::is_reg(bytes) {
        return Format::Reg;
    }
    let (encoding, start) = encoding::of_start(bytes);
    let step = encoding.unit();
    let first = bytes[start.min(bytes.len())..]
        .chunks(step)
        .find(|unit| !unit.iter().all(|b| b.is_ascii_whitespace() || *b == 0));
    match first {
        Some(unit) if unit.contains(&b'{') => Format::Json,
        _ => Format::Netsh,
    }
}

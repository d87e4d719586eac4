//! Telling the forms of an export apart.

use std::fmt;
use std::str::FromStr;

use crate::{encoding, snapshot};

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
}

impl Format {
    /// The forms that can be read.
    pub const ALL: [Self; 3] = [Self::Json, Self::Netsh, Self::Snapshot];

    /// The name: `json`, `netsh`, `snapshot`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Netsh => "netsh",
            Self::Snapshot => "snapshot",
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
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// No form of an export has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a form of an export; there are json, netsh and snapshot")]
pub struct UnknownFormat(String);

/// The form of the export in `bytes`. A snapshot says what it is in its first bytes, also where some
/// of these are damaged; the others are told by their first character that is not blank: a JSON
/// object begins with a brace, and nothing that netsh prints does.
#[must_use]
pub fn detect(bytes: &[u8]) -> Format {
    if snapshot::is_meant(bytes) {
        return Format::Snapshot;
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

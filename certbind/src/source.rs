//! What bindings are read from: a store or an exported file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use certbind_core::Binding;
use certbind_formats::{ReadOptions, Reading};

use crate::commands::{everything, input};
use crate::error::Error;
use crate::output;
use crate::stores::{Access, Opened, StoreUrl};

/// A store's URL, or a file; `-` is standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Store(StoreUrl),
    File(PathBuf),
}

/// What was read of it.
pub(crate) struct Read {
    /// In canonical order.
    pub(crate) bindings: Vec<Binding>,
    /// The whole reading, where it was a file.
    pub(crate) reading: Option<Reading>,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Anything else may have a colon in it as well: a drive of Windows.
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        match scheme {
            Some("redb" | "memory" | "httpsys" | "etcd") => text.parse().map(Self::Store),
            _ if text.is_empty() => Err("name a store or a file".to_owned()),
            _ => Ok(Self::File(text.into())),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(url) => url.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Source {
    /// A file that turns out to be a store is one.
    pub(crate) fn resolved(self) -> Self {
        match self {
            Self::File(path) if path.is_file() && output::is_store(&path).unwrap_or(false) => {
                Self::Store(StoreUrl::Redb(path))
            }
            source => source,
        }
    }

    pub(crate) fn read(&self) -> Result<Read, Error> {
        match self {
            Self::Store(url) => Ok(Read {
                bindings: everything(Opened::open(url, Access::Read)?.bindings())?,
                reading: None,
            }),
            Self::File(path) => {
                let bytes = input(path).map_err(|source| Error::Input {
                    path: path.clone(),
                    source,
                })?;
                let reading = certbind_formats::read(&bytes, &ReadOptions::default());
                let reading = reading.map_err(|error| Error::BrokenInput {
                    path: path.clone(),
                    problem: error.to_string(),
                })?;
                let mut bindings = reading.export.bindings.clone();
                bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
                Ok(Read {
                    bindings,
                    reading: Some(reading),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_have_a_scheme_and_everything_else_is_a_file() {
        let source = |text: &str| text.parse::<Source>();
        let redb = Source::Store(StoreUrl::Redb("a.redb".into()));
        assert_eq!(source("redb:a.redb"), Ok(redb));
        assert_eq!(source("memory:"), Ok(Source::Store(StoreUrl::Memory)));
        let file = |path: &str| Ok(Source::File(path.into()));
        for path in ["-", "host.txt", "C:\\host.txt", "./redb:x", "a.redb"] {
            assert_eq!(source(path), file(path));
        }
        assert!(source("redb:").is_err() && source("").is_err());
    }
}

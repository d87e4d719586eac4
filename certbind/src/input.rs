//! An input of a command: a binding store or an export file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use certbind_backends::Access;
use certbind_core::{Binding, BindingStore, Scan};
use certbind_formats::{ReadOptions, ReadOutcome};

use crate::error::Error;
use crate::export_files;
pub(crate) use crate::files::is_standard_input;
use crate::hive_logs::{self, HiveLogs};
use crate::read_file;
use crate::registry::registry;
use crate::stores::{Opened, StoreUrl};

/// A store's URL, or a file; `-` is standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Store(StoreUrl),
    File(PathBuf),
}

/// The contents of an input.
pub(crate) struct Contents {
    /// In canonical order.
    pub(crate) bindings: Vec<Binding>,
    /// The complete reading, where it was a file.
    pub(crate) reading: Option<ReadOutcome>,
}

impl Contents {
    /// The host of an export, if it contains it.
    pub(crate) fn host(&self) -> Option<String> {
        let header = self.reading.as_ref().map(|it| &it.export.header);
        header.and_then(|it| it.host.clone())
    }
}

impl FromStr for Input {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            _ if registry().is_url(text) => text.parse().map(Self::Store),
            "" => Err("name a store or a file".to_owned()),
            _ => Ok(Self::File(text.into())),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(url) => url.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Input {
    /// Treats a file that is a store as one.
    pub(crate) fn resolved(self) -> Self {
        match self {
            Self::File(path) if path.is_file() => {
                let owner = registry().owner_of(&path).unwrap_or_default();
                let url = owner.and_then(|backend| StoreUrl::of_file(backend, &path));
                url.map_or(Self::File(path), Self::Store)
            }
            source => source,
        }
    }

    /// The host of a store, if its URL contains it.
    pub(crate) fn host(&self) -> Option<String> {
        match self {
            Self::Store(url) => url.host(),
            Self::File(_) => None,
        }
    }

    pub(crate) fn read(&self) -> Result<Contents, Error> {
        self.read_with(&HiveLogs::default())
    }

    /// As [`read`](Self::read), with the logs of a hive, whose replay is reported.
    pub(crate) fn read_with(&self, logs: &HiveLogs) -> Result<Contents, Error> {
        match self {
            Self::Store(url) => Ok(Contents {
                bindings: scan_all(Opened::open(url, Access::Read)?.bindings())?,
                reading: None,
            }),
            Self::File(path) => {
                let path = &export_files::only(path)?;
                let reading = logs.read_file(path, &ReadOptions::default())?;
                hive_logs::report(path, &reading);
                let mut bindings = reading.export.bindings.clone();
                bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
                Ok(Contents {
                    bindings,
                    reading: Some(reading),
                })
            }
        }
    }
}

/// Every binding of a store.
pub(crate) fn scan_all(store: &dyn BindingStore) -> Result<Vec<Binding>, Error> {
    Ok(store.scan(&Scan::all())?.collect::<Result<_, _>>()?)
}

/// The bytes of a file; `-` is standard input.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if !is_standard_input(path) {
        return read_file::read(path);
    }
    read_file::bounded(&mut io::stdin().lock(), read_file::MOST_PIPED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_have_a_scheme_and_everything_else_is_a_file() {
        let source = |text: &str| text.parse::<Input>();
        for url in ["redb:a.redb", "memory:", "httpsys:", "httpsys:./lib.so"] {
            assert_eq!(source(url), Ok(Input::Store(url.parse().expect("a URL"))));
            assert_eq!(
                source(url).map(|source| source.to_string()),
                Ok(url.to_owned())
            );
        }
        let file = |path: &str| Ok(Input::File(path.into()));
        for path in ["-", "host.txt", "C:\\host.txt", "./redb:x", "a.redb"] {
            assert_eq!(source(path), file(path));
        }
        assert!(source("redb:").is_err() && source("").is_err());
    }
}

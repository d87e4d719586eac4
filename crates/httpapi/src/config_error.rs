//! Configurations that cannot be used.

use std::path::PathBuf;

use certbind_backends::UrlError;
use certbind_certificates::NamedPathError;
use certbind_core::StoreError;
use certbind_simulator::{AccountError, InventoryError, UnknownProfile, WindowsOptionError};

/// The reason why there is no simulator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {source}", path.display())]
    Syntax {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error(
        "{path:?} is outside of the folder of the configuration; a file there is written only with {allow}=allow in the environment"
    )]
    Outside { path: PathBuf, allow: &'static str },
    #[error("{path:?}: {problem}; {allow}=allow in the environment permits it")]
    Named {
        path: PathBuf,
        problem: NamedPathError,
        allow: &'static str,
    },
    #[error(
        "[[fault]] number {0} has no effect: add `answer`, `delay_ms`, `delete`, `put` or `kill`"
    )]
    Fault(usize),
    #[error("store {url:?}: {error}")]
    Store { url: String, error: UrlError },
    #[error("store {0:?} has no tables for URL reservations and the other service configuration")]
    NoTables(String),
    #[error(transparent)]
    Open(#[from] StoreError),
    #[error(transparent)]
    Profile(#[from] UnknownProfile),
    #[error(transparent)]
    Windows(#[from] WindowsOptionError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

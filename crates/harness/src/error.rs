//! Errors of a harness.

use std::io;
use std::path::PathBuf;

use certbind_core::StoreError;
use certbind_formats::ReadError;
use certbind_simulator::AccountError;

/// The reason why a harness could not be created, or could not read its contents.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HarnessError {
    /// The library or the program is nowhere.
    #[error(
        "no folder with {library} and {program} was found ({looked}); build them with `cargo build \
         --package certbind-httpapi --package certbind`, or name their folder in {variable}"
    )]
    NoKit {
        /// The library's file name.
        library: String,
        /// The program's file name.
        program: String,
        /// The places that were searched.
        looked: String,
        /// The environment variable that can name the folder.
        variable: &'static str,
    },
    /// A file of the harness could not be made or read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The export to seed the store with is invalid or incomplete.
    #[error("the export cannot be read: {0}")]
    Export(#[from] ReadError),
    /// A URL cannot be reserved so.
    #[error("{0}")]
    Service(String),
    /// The host cannot have such an account or machine.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The store no longer exists: a program under test removed it.
    #[error("there is no binding store at {0}; a program under test removed it")]
    NoStore(String),
    /// The store cannot contain URL reservations and the other service configuration.
    #[error("the store has no tables for the service configuration")]
    NoTables,
    /// The simulator refuses its configuration, or the library of the kit cannot be loaded.
    #[error("the simulator does not start: {0}")]
    Refused(String),
    /// A program under test could not load the library, and so has changed nothing.
    #[error("the program could not load the library: {0}")]
    NotLoaded(String),
    /// A file has no certificate that a host could have.
    #[error("no certificate can be installed from {}: {message}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// The reason.
        message: String,
    },
    /// `certbind serve` did not start.
    #[error("certbind serve: {message}")]
    Serve {
        /// Its message.
        message: String,
    },
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HarnessError {
    #[expect(clippy::needless_pass_by_value, reason = "for map_err")]
    pub(crate) fn service(error: impl ToString) -> Self {
        Self::Service(error.to_string())
    }

    pub(crate) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File {
            path: path.into(),
            source,
        }
    }
}

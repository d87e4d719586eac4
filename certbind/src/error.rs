//! Why a command failed, as a person is told it.

use std::io::{self, Write};
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use certbind_certificates::NoCertificate;
use certbind_core::{BindingError, BindingKey, CertHash, StoreError};
use certbind_formats::WriteError;

use crate::exit;
use crate::netsh::UnknownProfile;

#[derive(Debug, thiserror::Error)]
#[cfg_attr(
    not(feature = "etcd"),
    expect(dead_code, reason = "some errors are of fleets alone")
)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(clap::Error),
    #[error("{variable}: {problem}")]
    Environment {
        variable: &'static str,
        problem: String,
    },
    #[error("--profile: {0}")]
    Profile(UnknownProfile),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("there is no store at {}; `certbind add` and `certbind import` make one", path.display())]
    NoStore { path: PathBuf },
    #[error("{0}")]
    Binding(#[from] BindingError),
    #[error("{key}: {problem}")]
    Arguments {
        key: BindingKey,
        problem: &'static str,
    },
    #[error("name the new certificate by its hash or by --cert FILE")]
    NoSuccessor,
    #[error("cannot read {}: {source}", path.display())]
    Input { path: PathBuf, source: io::Error },
    #[error("{} needs a temporary file: {source}", path.display())]
    Temporary { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Certificate {
        path: PathBuf,
        source: NoCertificate,
    },
    #[error("nothing is bound to {0}; `certbind list` shows what is")]
    NothingToRotate(CertHash),
    #[error("{}: {problem}", path.display())]
    BrokenInput { path: PathBuf, problem: String },
    #[error("{} are bound already, {} first; nothing was imported: use --on-conflict skip or replace",
            count_keys(*.count), .first)]
    AlreadyBound { first: BindingKey, count: usize },
    #[error("{0}; nothing was written")]
    Export(WriteError),
    #[error("{} is a store, and an export does not overwrite it; name another file", path.display())]
    WouldOverwriteStore { path: PathBuf },
    #[error("a snapshot is no text for a terminal; name a file with -o, or pipe it")]
    SnapshotToTerminal,
    #[error("name what to change; `certbind update --help` has the options")]
    NothingToUpdate,
    #[error("the old and the new certificate are the same")]
    SameCertificate,
    #[error("{0}")]
    Diff(Box<Error>),
    #[error("{0}")]
    Audit(Box<Error>),
    #[error("{0}")]
    Probe(Box<Error>),
    #[error("name a second store or export to compare with")]
    NothingToCompare,
    #[error("of a fleet a file is written for each host: name a folder with -o")]
    NoFolder,
    #[error("{} is no folder with an export of each host", path.display())]
    NotAFolder { path: PathBuf },
    #[error("{} and {} are exports of one host; leave one", paths[0].display(), paths[1].display())]
    ExportsOfOneHost { paths: [PathBuf; 2] },
    #[error(
        "{} is kept for another sync: {found}, and not {wanted}; name another file by --state",
        path.display()
    )]
    OtherSync {
        path: PathBuf,
        found: String,
        wanted: String,
    },
    #[error("standard input can be read once; name a file or a store for the other")]
    InputTwice,
    #[error("{0}")]
    Migrate(#[from] certbind_migrate::Error),
    #[error("nothing is bound to a certificate for exactly the names of the new one")]
    NothingOfTheseNames,
    #[error(
        "the plan was made for {target}, which is no store that it may open by itself; name the \
         store: certbind apply PLAN TARGET"
    )]
    NoTarget { target: String },
    #[error(
        "{} is there and undoes something else; nothing was changed: move it away, or name \
         another file by --undo", path.display()
    )]
    UndoExists { path: PathBuf },
    #[cfg(feature = "etcd")]
    #[error("{hosts} could not be read, told above; no plan was written")]
    NotPlanned { hosts: String },
    #[error("nobody is there to ask; read the plan, and apply it with --yes")]
    NotConfirmed,
    #[error("nothing was changed")]
    Declined,
    #[error("cannot write to {}: {source}", path.display())]
    WriteFile { path: PathBuf, source: io::Error },
    #[error("cannot write: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Io(error) => Self::Output(error),
            error => Self::Export(error),
        }
    }
}

impl Error {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Diff(_) => exit::NOT_COMPARED,
            Self::Audit(_) | Self::Probe(_) => exit::NOT_AUDITED,
            Self::Usage(_)
            | Self::Environment { .. }
            | Self::Profile(_)
            | Self::Arguments { .. }
            | Self::NoSuccessor
            | Self::NothingToUpdate
            | Self::SnapshotToTerminal
            | Self::SameCertificate
            | Self::InputTwice
            | Self::NothingToCompare
            | Self::NoFolder
            | Self::NotAFolder { .. }
            | Self::ExportsOfOneHost { .. }
            | Self::NoTarget { .. }
            | Self::NotConfirmed
            | Self::Migrate(certbind_migrate::Error::Contradiction { .. })
            | Self::Binding(_) => exit::USAGE,
            Self::Input { .. } | Self::Certificate { .. } | Self::BrokenInput { .. } => {
                exit::BROKEN_INPUT
            }
            _ => exit::REFUSED,
        }
    }
}

fn count_keys(count: usize) -> String {
    if count == 1 {
        "1 key".into()
    } else {
        format!("{count} keys")
    }
}

/// Tells a person what went wrong. The text is escaped.
pub(crate) fn report(text: &str) {
    say(AnsiColor::Red, "error", text);
}

/// Tells a person what to look at. The text is escaped.
pub(crate) fn warn(text: &str) {
    say(AnsiColor::Yellow, "warning", text);
}

fn say(color: AnsiColor, label: &str, text: &str) {
    // There is nowhere left to tell that standard error is closed. `anstream` leaves the colours
    // out where it is no terminal.
    let _ = writeln!(anstream::stderr(), "{}", labelled(color, label, text));
}

/// `warning: …`, as it stands in a text.
pub(crate) fn warning(text: &str) -> String {
    labelled(AnsiColor::Yellow, "warning", text)
}

fn labelled(color: AnsiColor, label: &str, text: &str) -> String {
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{label}:{style:#} {text}")
}

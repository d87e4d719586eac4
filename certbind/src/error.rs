//! The errors of the command line.

use std::io;
use std::path::{Path, PathBuf};

use certbind_certificates::LeafError;
use certbind_core::{BindingError, BindingKey, CertHash, StoreError};
use certbind_formats::netsh::UnknownLanguage;
use certbind_formats::{ParseError, ReadError, WriteError};
use jiff::Timestamp;

use crate::dsc::input::InputError;
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
    #[error("--from: an export cannot be changed; use a command such as `http show urlacl`")]
    NetshChangesExport,
    #[error(
        "--from: {export} does not have the {object} of its host; nothing is shown. Reservations and \
         the listen list are in hives and registry exports of HTTP\\Parameters"
    )]
    NotInExport {
        export: String,
        object: &'static str,
    },
    #[error("--profile: {0}")]
    Profile(UnknownProfile),
    #[error("--language: {0}")]
    Language(UnknownLanguage),
    #[error("--language: {0}; nothing was printed")]
    NoTranslation(String),
    #[error("--language chooses the texts of a listing; add --format netsh")]
    LanguageWithoutListing,
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("no binding store at {}; {next_step}", path.display())]
    NoStore { path: PathBuf, next_step: String },
    #[error(
        "{} is an export, not a store; to list it, type `certbind list {}`, and to make a store of it, \
         `certbind import {} --store redb:PATH`", path.display(), path.display(), path.display()
    )]
    ExportAsStore { path: PathBuf },
    #[error(
        "the folder {} does not exist{}; nothing was created: create it, or add --create",
        folder.display(), did_you_mean(nearest.as_ref())
    )]
    NoFolderOfStore {
        folder: PathBuf,
        nearest: Option<PathBuf>,
    },
    #[error("{0}")]
    Binding(#[from] BindingError),
    #[error("{key}: {problem}")]
    Arguments {
        key: BindingKey,
        problem: &'static str,
    },
    #[error("{problem}")]
    Rotate { problem: String },
    #[error("no binding uses a certificate whose hash starts with {prefix}")]
    UnknownHash { prefix: String },
    #[error(
        "several hashes start with {prefix}: {}; use more digits",
        listed(hashes)
    )]
    AmbiguousHash {
        prefix: String,
        hashes: Vec<CertHash>,
    },
    #[error("certificate refused: {}; nothing was changed: use another certificate, or {force}", reasons.join("; "))]
    CertificateRefused {
        reasons: Vec<String>,
        force: &'static str,
    },
    #[error("{0}")]
    Dsc(#[from] InputError),
    #[error(
        "the target is an export: pass --dry-run to show the changes, or --out FOLDER to write scripts \
         for the host"
    )]
    HealsFile,
    #[error("{0}")]
    Heal(#[from] certbind_migrate::HealError),
    #[error("{0}")]
    Script(#[from] certbind_migrate::script::ScriptError),
    #[error("{}: not a glob pattern: {problem}", pattern)]
    Pattern { pattern: String, problem: String },
    #[error("no export matches {0}")]
    NoExport(String),
    #[error("--renamed {names}: {problem}")]
    Renamed { names: String, problem: String },
    #[error("{0}")]
    Verify(Box<Error>),
    #[error("the new certificate is missing; pass its hash, or --cert FILE")]
    NoSuccessor,
    #[error("cannot read {}: {source}", path.display())]
    Input { path: PathBuf, source: io::Error },
    #[error("cannot create a temporary file for {}: {source}", path.display())]
    Temporary { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Certificate { path: PathBuf, source: LeafError },
    #[error("no binding uses the certificate {0}; run `certbind list` to see the bindings")]
    NothingToRotate(CertHash),
    #[error("{}: {problem}", path.display())]
    BrokenInput { path: PathBuf, problem: String },
    #[error("{}: {source}", path.display())]
    BrokenExport {
        path: PathBuf,
        source: Box<ReadError>,
    },
    #[error("{} already bound, the first is {}; nothing was imported: use --on-conflict skip or replace",
            count_keys(*.count), .first)]
    AlreadyBound { first: BindingKey, count: usize },
    #[error("{0}; nothing was written")]
    Export(WriteError),
    #[error("{} is a binding store, or a part of one, and is not overwritten; choose another file", path.display())]
    WouldOverwriteStore { path: PathBuf },
    #[error("a snapshot is binary; write it to a file with -o, or to a pipe")]
    SnapshotToTerminal,
    #[error("no field to update; see `certbind update --help`")]
    NothingToUpdate,
    #[error("the old and the new certificate are the same; nothing was changed")]
    SameCertificate,
    #[error("{0}")]
    Diff(Box<Error>),
    #[error("{0}")]
    Plan(Box<Error>),
    #[error("{0}")]
    Audit(Box<Error>),
    #[error("{0}")]
    Probe(Box<Error>),
    #[error("{0}")]
    Explain(Box<Error>),
    #[error("{0}")]
    Filter(Box<Error>),
    #[error("--store and targets are both given; name the store among the targets")]
    StoreAndTargets,
    #[cfg(feature = "etcd")]
    #[error("{0}")]
    Sync(Box<Error>),
    #[error("{0}")]
    Serve(#[from] certbind_serve::ServeError),
    #[error("{0}")]
    Connection(String),
    #[error("{key} has changed since the plan was made; make the plan again")]
    PlanOfAnotherState { key: BindingKey },
    #[error("{key} is not bound; {}", match answers {
        Some((answers, step)) => format!("{answers} ({step}) answers such a connection instead"),
        None => "nothing answers such a connection".to_owned(),
    })]
    NotBound {
        key: BindingKey,
        answers: Option<(BindingKey, &'static str)>,
    },
    #[error(
        "{store} has no history; only stores in redb files have one: `certbind record {store} --into \
         FILE` starts one"
    )]
    NoHistory { store: String },
    #[error("{}", not_in_history(*revision, *current, *oldest))]
    NotInHistory {
        revision: u64,
        current: u64,
        oldest: Option<u64>,
    },
    #[error(
        "revision {revision} replaced more than the history keeps, so the state before it is unknown; \
         --history megabytes=N keeps more of later commits"
    )]
    NotKept { revision: u64 },
    #[error(
        "{key}{} changed after revision {revision}; nothing was changed: undo the later commits first, \
         or use --force", and_more(*.more)
    )]
    ChangedSince {
        key: BindingKey,
        more: usize,
        revision: u64,
    },
    #[error("{key} was not bound at revision {revision}")]
    NotBoundThen { key: BindingKey, revision: u64 },
    #[error(
        "{store} is a recording of {host}, which only `certbind record` changes; nothing was changed"
    )]
    ChangesRecording { store: String, host: String },
    #[error(
        "{store} is a store of its own, not a recording; name a new file with --into, or an earlier recording"
    )]
    NotARecording { store: String },
    #[error(
        "{store} is a recording of {recorded}, and {source_name} is of {found}; nothing was recorded: \
         use another file for each host, or --machine {recorded} if it is the same"
    )]
    OtherHost {
        store: String,
        recorded: String,
        source_name: String,
        found: String,
    },
    #[error("{source_name} does not name its host; add --machine NAME")]
    UnnamedHost { source_name: String },
    #[error(
        "{store} was changed without `certbind record` at revision {revision}; record into a new file"
    )]
    ForeignCommit { store: String, revision: u64 },
    #[error(
        "{first} is of {}, and {second} of {}; nothing was recorded: record each host into a file of its \
         own, or add --machine NAME if it is one host", hosts[0], hosts[1]
    )]
    ExportsOfTwoHosts {
        first: String,
        second: String,
        hosts: [String; 2],
    },
    #[error(
        "{first} and {second} may be of the same time, so their order is unknown; nothing was recorded: put \
         the times into their names, as in web01-2026-12-31T120000Z.txt"
    )]
    ExportsAtOneTime { first: String, second: String },
    #[error("--history off would record nothing; remove it")]
    RecordsWithoutHistory,
    #[error("{store} is the store to record; choose another file with --into")]
    RecordsItself { store: String },
    #[error("a recording has one source, a store or exports of one host; name one store")]
    SeveralSources,
    #[error(
        "{}: the time of the export is unknown; put it into the file name, as in \
         web01-2026-12-31.txt or \
         web01-2026-12-31T120000Z.txt, or add --time TIME", path.display()
    )]
    UndatedExport { path: PathBuf },
    #[error(
        "--time applies to one export; put the times of several into their file names, as in \
         web01-2026-12-31.txt"
    )]
    TimeOfSeveral,
    #[error("{origin} cannot be read completely, so nothing was recorded: {problem}")]
    PartialLook { origin: String, problem: String },
    #[error(
        "{source_name} is of {began}, but the last reading of {host} ended at {last}; readings are recorded in \
         the order of their times{}", if *differs {
            ", and its bindings differ from those recorded for that time"
        } else {
            ""
        }
    )]
    OutOfOrder {
        source_name: String,
        host: String,
        began: Timestamp,
        last: Timestamp,
        differs: bool,
    },
    #[error("{}", before_first_observation(host, *first))]
    BeforeFirstLook {
        host: String,
        first: Option<Timestamp>,
    },
    #[error("missing the second store or export to compare")]
    NothingToCompare,
    #[error("export --fleet writes a file per host; choose a folder with -o")]
    NoFolder,
    #[error("{} is not a folder with an export per host", path.display())]
    NotAFolder { path: PathBuf },
    #[error("{} and {} are exports of the same host; remove one", paths[0].display(), paths[1].display())]
    ExportsOfOneHost { paths: [PathBuf; 2] },
    #[error(
        "{} is the state of another synchronization: {found}, expected {wanted}; choose another file \
         with --state",
        path.display()
    )]
    OtherSync {
        path: PathBuf,
        found: String,
        wanted: String,
    },
    #[error("standard input can be read only once; use a file or a store for the other input")]
    InputTwice,
    #[error(
        "the plan would delete {deletes} of {held} bindings of the target; if that is intended, use \
         --prune-all"
    )]
    PrunesMost { deletes: u64, held: u64 },
    #[error("{0}")]
    Migrate(#[from] certbind_migrate::Error),
    #[error(
        "{} is not current: changes that the host made are missing, so that bindings which it added \
         would be deleted; put its transaction logs next to it, or plan without --prune",
        path.display()
    )]
    PrunesFromDirtyHive { path: PathBuf },
    #[error("--logs: {problem}")]
    Logs { problem: &'static str },
    #[error("no binding uses a certificate with exactly the names of the new one")]
    NothingOfTheseNames,
    #[cfg(feature = "etcd")]
    #[error(
        "no file can be named after {host}: {problem}; export it by --store URL/{host} -o FILE"
    )]
    HostFileName {
        host: String,
        problem: crate::file_name::FileNameError,
    },
    #[error(
        "the plan was made for {target}, which a plan file must not open by itself: {why}; name the store: \
         certbind apply PLAN TARGET"
    )]
    NoTarget { target: String, why: &'static str },
    #[error(
        "{} exists and belongs to another plan; nothing was changed: move it away, or choose another \
         file with --undo", path.display()
    )]
    UndoExists { path: PathBuf },
    #[cfg(feature = "etcd")]
    #[error("failed to read {hosts} (see above); no plan was written")]
    NotPlanned { hosts: String },
    #[error(
        "the changes of {} in this store are not confirmed yet; nothing was changed: run `certbind \
         confirm`, or wait for their roll-back", plan.display()
    )]
    AwaitsConfirmation { plan: PathBuf },
    #[error("{}: {problem}", path.display())]
    Unconfirmed { path: PathBuf, problem: String },
    #[error("no change waits for a confirmation")]
    NothingToConfirm,
    #[error("several changes wait for a confirmation; name one of the plans: {plans}")]
    SeveralToConfirm { plans: String },
    #[error("too late: the changes were rolled back, as they had not been confirmed in time")]
    ConfirmedTooLate,
    #[error("standard input is not a terminal; review the plan, and pass --yes to apply it")]
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
    /// Whether `rotate` found no binding of the certificate to replace.
    pub(crate) fn is_nothing_to_rotate(&self) -> bool {
        matches!(
            self,
            Self::NothingToRotate(_) | Self::NothingOfTheseNames | Self::UnknownHash { .. }
        )
    }

    /// The reason of an error, without the path that a report has anyway.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::BrokenInput { problem, .. } => problem,
            Self::BrokenExport { source, .. } => source.to_string(),
            Self::Input { source, .. } => source.to_string(),
            other => other.to_string(),
        }
    }

    /// The file that an input error is about, and its errors with their places; empty if they are
    /// unknown.
    pub(crate) fn in_file(&self) -> Option<(&Path, &[ParseError])> {
        match self {
            Self::BrokenExport { path, source } => Some((path, source.errors())),
            Self::BrokenInput { path, .. }
            | Self::Input { path, .. }
            | Self::Certificate { path, .. } => Some((path, &[])),
            Self::Diff(error)
            | Self::Plan(error)
            | Self::Audit(error)
            | Self::Probe(error)
            | Self::Verify(error)
            | Self::Explain(error)
            | Self::Filter(error) => error.in_file(),
            #[cfg(feature = "etcd")]
            Self::Sync(error) => error.in_file(),
            _ => None,
        }
    }
}

/// The first hashes, and how many more there are.
fn listed(hashes: &[CertHash]) -> String {
    const MOST: usize = 8;
    let mut listed: Vec<_> = hashes.iter().take(MOST).map(ToString::to_string).collect();
    if hashes.len() > MOST {
        listed.push(format!("and {} more", hashes.len() - MOST));
    }
    listed.join(", ")
}

fn did_you_mean(path: Option<&PathBuf>) -> String {
    path.map_or_else(String::new, |path| {
        format!(" (did you mean {}?)", path.display())
    })
}

fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    }
}

fn not_in_history(revision: u64, current: u64, oldest: Option<u64>) -> String {
    let start = format!("revision {revision} is not in the history");
    match oldest {
        _ if revision > current => format!("{start}: the store is at revision {current}"),
        None => format!("{start}, which is empty: the changes were made without it"),
        Some(oldest) if revision < oldest => {
            format!("{start}, whose oldest commit is revision {oldest}")
        }
        Some(_) => format!("{start}: it was made without history"),
    }
}

fn before_first_observation(host: &str, first: Option<Timestamp>) -> String {
    match first {
        Some(first) => format!(
            "the bindings of {host} before the first reading are unknown; it ended at {first}, \
             revision 1"
        ),
        None => format!("{host} was not read yet"),
    }
}

fn count_keys(count: usize) -> String {
    if count == 1 {
        "1 key".into()
    } else {
        format!("{count} keys")
    }
}

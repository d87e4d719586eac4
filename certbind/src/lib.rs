//! Binding stores by URL, and the command line of certbind.
//!
//! [`open`] opens the store that a URL names; the rest is the [trait](certbind_core::BindingStore) of
//! `certbind-core`.
//!
//! ```
//! use certbind_core::{Binding, BindingStore, CertHash, Record, Uuid};
//!
//! # let folder = tempfile::tempdir()?;
//! # let url = format!("redb:{}", folder.path().join("bindings.redb").display());
//! # stringify! {
//! let url = "redb:bindings.redb";
//! # };
//! let store = certbind::open(&url)?;
//! let record = Record::new(CertHash::new([0x52; 20]), None, Uuid::nil());
//! store.insert(Binding::new("0.0.0.0:443".parse()?, record)?)?;
//! assert!(store.get(&"0.0.0.0:443".parse()?)?.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Each backend is a feature, and all are on by default:
//!
//! | feature | URL |
//! |---|---|
//! | `redb` | `redb:PATH` |
//! | `httpsys` | `httpsys:`, `httpsys:LIBRARY` |
//! | `etcd` | `etcd://ENDPOINT/HOST` |
//! | always | `memory:` |
//!
//! The package `certbind-httpsys` is a dependency without the feature `httpsys` as well, because the
//! emulation of netsh uses its calls of the HTTP Server API over a simulated HTTP.sys.
//!
//! A program with a tokio runtime of its own passes it to the etcd backend by
//! [`EtcdBuilder::runtime`](https://docs.rs/certbind-etcd/latest/certbind_etcd/struct.EtcdBuilder.html#method.runtime):
//! `EtcdUrl::builder` creates the builder for a URL.

#[cfg(feature = "httpsys")]
mod activity;
mod add_observation;
mod audit_baselines;
mod audit_csv;
mod audit_markdown;
mod audit_metrics;
mod audit_renames;
mod audit_sites;
mod audit_summary;
mod audit_targets;
mod audit_text;
mod backends;
mod certificate_folder;
mod changes;
mod cli;
mod commands;
mod core_dumps;
mod data_directory;
mod desired_state;
mod dsc;
mod error;
mod error_codes;
pub mod exit;
mod export_files;
mod export_series;
mod export_set;
mod file_error;
mod file_name;
mod files;
#[cfg(feature = "etcd")]
mod fleet;
mod folders;
mod guards;
mod help;
mod history;
mod hive_logs;
mod host_disk;
#[cfg(feature = "httpsys")]
mod host_store;
mod import_source;
mod input;
mod instant;
mod layout;
mod long_listing;
mod message;
pub mod netsh;
mod new_certificate;
mod observation;
mod open;
mod output_file;
mod past;
mod plan_markdown;
mod plan_target;
mod plan_text;
mod print;
mod progress;
mod read_file;
mod readable;
mod record;
mod recording;
mod registry;
mod secrets;
mod simulated_host;
mod store_mistakes;
mod stores;
#[cfg(feature = "etcd")]
mod sync;
mod table;
mod terminal;
mod unconfirmed;
mod undo;
mod verbose;
mod warnings;

use std::env::VarError;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;

use clap::FromArgMatches;
use clap::error::ContextValue;
use clap::parser::ValueSource;

use crate::cli::{Cli, Command};
use crate::commands::change::Values;
use crate::error::Error;
use crate::stores::StoreUrl;
use crate::terminal::escaped;

pub use open::{OpenError, open, open_with};

pub use certbind_backends::{Access, CheckReport, OpenStore, Sharing, StoreBackend};

/// Runs the program with these arguments, its own name the first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    main_with(&[], arguments)
}

/// Runs the program with additional backends: a program of its own that handles their stores as well.
/// The backends of the first call in a process apply.
pub fn main_with(
    backends: &[&'static dyn StoreBackend],
    arguments: impl IntoIterator<Item = OsString>,
) -> ExitCode {
    core_dumps::switch_off();
    registry::register(backends);
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // With it, 2 means changes.
    let detailed = arguments.iter().any(|it| it == "--detailed-exitcode");
    let command = command_of(&arguments);
    if !is_netsh(arguments.first()) && command.as_deref() == Some("dsc") {
        message::as_dsc();
    } else if wants_json(&arguments) {
        message::as_json();
    }
    let done = if is_netsh(arguments.first()) {
        as_netsh(&arguments)
    } else {
        let given = arguments.clone();
        parse(arguments).and_then(|(cli, named)| {
            history::set(cli.history.clone(), cli.message.clone(), given);
            run(cli, named)
        })
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(Error::Usage(usage)) => {
            let code = match usage.use_stderr() {
                true if detailed => exit::NOT_PLANNED,
                true => exit::USAGE,
                false => exit::DONE,
            };
            if !message::is_text() && usage.use_stderr() {
                message::report_last(&escaped(&in_one_line(&usage)), code, None);
            } else {
                // Help and version are "errors" of clap's that go to standard output.
                let _ = usage.print();
            }
            ExitCode::from(code)
        }
        Err(error) => {
            let text = escaped(&error.to_string()).into_owned();
            message::report_last(&text, error.exit_code(), error.in_file());
            ExitCode::from(error.exit_code())
        }
    }
}

/// The message of an error of the command line, with its tips, and without the usage.
fn in_one_line(usage: &clap::Error) -> String {
    let text = usage.render().to_string();
    let text = text.trim_start_matches("error: ");
    let paragraphs = text.split("\n\n").map(str::trim);
    let paragraphs = paragraphs
        .take_while(|it| !it.starts_with("Usage:") && !it.starts_with("For more information"));
    let paragraphs = paragraphs.map(|it| it.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("; ")
}

/// Whether the output, and so the messages, are to be JSON.
fn wants_json(arguments: &[OsString]) -> bool {
    let words: Vec<_> = arguments.iter().map(|it| it.to_string_lossy()).collect();
    // `--report` is the earlier name of the option of `import`.
    ["--format", "--report"].iter().any(|option| {
        let joined = format!("{option}=json");
        let is_pair = |pair: &[std::borrow::Cow<'_, str>]| pair[0] == *option && pair[1] == "json";
        words.windows(2).any(is_pair) || words.iter().any(|it| **it == *joined)
    })
}

/// The command: the first argument that is neither an option nor the value of one.
fn command_of(arguments: &[OsString]) -> Option<String> {
    let program = cli::parser();
    let takes_value = |name: &str| {
        let mut options = program.get_arguments();
        let option = options.find(|it| it.get_long() == Some(name));
        option.is_some_and(|it| it.get_action().takes_values())
    };
    let mut words = arguments.iter().skip(1).map(|it| it.to_string_lossy());
    while let Some(word) = words.next() {
        match word.strip_prefix("--") {
            Some(name) if takes_value(name) => drop(words.next()),
            Some(_) => {}
            None => return Some(word.into_owned()),
        }
    }
    None
}

/// The command line, and whether it names the store itself, not the environment.
fn parse(arguments: Vec<OsString>) -> Result<(Cli, bool), Error> {
    let matches = cli::parser().try_get_matches_from(arguments);
    let matches = matches.map_err(|error| Error::Usage(with_visible_values(error)))?;
    let named = matches.value_source("store") == Some(ValueSource::CommandLine);
    Ok((
        Cli::from_arg_matches(&matches).map_err(Error::Usage)?,
        named,
    ))
}

/// The error with the hidden characters of the arguments in it escaped: a script may have passed texts of
/// an export.
fn with_visible_values(mut error: clap::Error) -> clap::Error {
    let escaped = error.context().filter_map(|(kind, value)| {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(escaped(text).into_owned()),
            ContextValue::Strings(all) => {
                let all = all.iter().map(|text| escaped(text).into_owned());
                ContextValue::Strings(all.collect())
            }
            _ => return None,
        };
        Some((kind, value))
    });
    for (kind, value) in escaped.collect::<Vec<_>>() {
        error.insert(kind, value);
    }
    error
}

fn run(cli: Cli, named: bool) -> Result<u8, Error> {
    if let Some(color) = cli.color {
        color.apply();
    }
    if cli.quiet {
        message::quiet();
    }
    if cli.verbose {
        verbose::start();
    }
    if cli.create {
        stores::create_folders();
    }
    let store = cli.store;
    let url = || match &store {
        Some(url) => Ok(url.clone()),
        None => StoreUrl::default(),
    };
    recover(&cli.command, url().ok().as_ref());
    #[cfg(feature = "etcd")]
    if let Some(done) = commands::fleet::run(&cli.command) {
        return done;
    }
    match cli.command {
        Command::List(list) if named && !list.targets.is_empty() => {
            drop(list);
            Err(Error::StoreAndTargets)
        }
        Command::List(list) => commands::list::run(url, &list),
        Command::Show(show) => commands::read::show(url, &show),
        Command::Log(log) => commands::log::run(&url()?, &log),
        Command::Record(record) => commands::record::run(&record),
        Command::Undo(undo) => commands::restore::undo(&url()?, &undo),
        Command::Restore(restore) => commands::restore::restore(&url()?, &restore),
        Command::Check {
            discard_wal,
            output,
        } => commands::read::check(&url()?, discard_wal, output.format),
        Command::Add(add) => {
            let values = Values::new(&add, Some(add.owner.app_id));
            commands::change::add(&url()?, add.key.clone(), &values, add.output.format)
        }
        Command::Update(update) => {
            let values = Values::new(&update, update.owner.app_id);
            commands::change::update(&url()?, &update.key, &values, update.output.format)
        }
        Command::Set(set) => {
            let values = Values::new(&set, set.owner.app_id);
            commands::change::set(&url()?, &set.key, &values, set.output.format)
        }
        Command::Delete(delete) => commands::change::delete(&url()?, &delete),
        Command::Rotate(rotate) => commands::rotate::run(&url()?, &rotate),
        Command::Heal(heal) => commands::heal::run(&heal),
        Command::Verify(verify) => commands::verify::run(&verify),
        Command::Import(import) => commands::import::run(&url()?, &import),
        Command::Export(export) => commands::export::run(url, &export),
        Command::Diff(diff) if !diff.at.is_empty() => commands::diff::run_past(&url()?, &diff),
        Command::Diff(diff) => commands::diff::run(diff),
        Command::Drift(drift) => commands::drift::run(&drift),
        Command::Dsc { operation, .. } => commands::dsc::run(url, &operation),
        Command::Fmt(fmt) => commands::format_files::run(&fmt),
        Command::Validate { files, output } => commands::validate::run(&files, output.format),
        Command::Audit(audit) => commands::audit::run(&audit),
        Command::Timeline(timeline) => commands::timeline::run(&timeline),
        Command::Probe(probe) => commands::probe::run(&url()?, &probe),
        Command::Explain(explain) => commands::explain::run(&url()?, &explain),
        Command::Serve(serve) => commands::serve::run(&url()?, &serve),
        Command::Doctor(doctor) => {
            let url = match &doctor.host {
                Some(host) => host.clone(),
                None => url()?,
            };
            commands::doctor::run(&url, &doctor)
        }
        Command::Trace(trace) => commands::trace::run(&trace),
        Command::Plan(plan) => commands::plan::run(*plan),
        Command::Apply(apply) => {
            // The purpose of a plan must not come from the environment.
            commands::apply::run(&apply, store.filter(|_| named))
        }
        Command::Confirm(confirm) => commands::confirm::run(url().ok().as_ref(), &confirm),
        #[cfg(feature = "etcd")]
        Command::Sync(sync) => commands::sync::run(&sync),
        Command::Netsh { arguments } => commands::netsh::run(url, &arguments),
        Command::Completions { shell, output } => commands::completions::run(shell, output.format),
        Command::Man { folder, output } => commands::man::run(folder.as_deref(), output.format),
        Command::Help { about, output } => commands::help::run(about.as_deref(), output.format),
    }
}

/// Rolls back changes that were not confirmed in time, before a command that works on bindings.
fn recover(command: &Command, url: Option<&StoreUrl>) {
    let works_on_bindings = match command {
        Command::Dsc { operation, .. } => operation.works_on_bindings(),
        _ => !is_apart_from_bindings(command),
    };
    let target = match command {
        Command::Apply(apply) => apply.target.as_ref(),
        _ => None,
    };
    if works_on_bindings && let Err(error) = commands::confirm::recover(target.or(url)) {
        message::warn(&escaped(&error.to_string()));
    }
}

/// Whether a command neither reads nor changes bindings, or handles changes that wait for a confirmation.
fn is_apart_from_bindings(command: &Command) -> bool {
    matches!(
        command,
        Command::Confirm(_)
            | Command::Doctor(_)
            | Command::Netsh { .. }
            | Command::Completions { .. }
            | Command::Man { .. }
            | Command::Help { .. }
    )
}

/// The value of an environment variable, where it is set.
fn environment<T: FromStr<Err: Display>>(variable: &'static str) -> Result<Option<T>, Error> {
    let wrong = |problem| Error::Environment { variable, problem };
    let parsed = |text: String| text.parse().map_err(|error: T::Err| error.to_string());
    match std::env::var(variable) {
        Ok(text) => parsed(text).map(Some).map_err(wrong),
        Err(VarError::NotPresent) => Ok(None),
        Err(error @ VarError::NotUnicode(_)) => Err(wrong(error.to_string())),
    }
}

fn is_netsh(program: Option<&OsString>) -> bool {
    let stem = program.and_then(|program| Path::new(program).file_stem());
    stem.is_some_and(|stem| stem.eq_ignore_ascii_case("netsh"))
}

/// The store comes from the environment; `commands::netsh` reads the options before netsh's own
/// arguments.
fn as_netsh(arguments: &[OsString]) -> Result<u8, Error> {
    history::set(environment("CERTBIND_HISTORY")?, None, arguments.to_vec());
    let url = match environment("CERTBIND_STORE")? {
        Some(url) => url,
        None => StoreUrl::default()?,
    };
    let words = arguments
        .iter()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned());
    commands::netsh::run(|| Ok(url.clone()), &words.collect::<Vec<_>>())
}

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

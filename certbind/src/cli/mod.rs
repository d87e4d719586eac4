//! The command line: its commands, and a module for the arguments of each.

pub(crate) mod applications;
pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod certificate;
pub(crate) mod change;
pub(crate) mod color;
pub(crate) mod confirm;
pub(crate) mod delete;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod dsc;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod flags;
pub(crate) mod fmt;
pub(crate) mod hash;
pub(crate) mod heal;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod record;
pub(crate) mod recording;
pub(crate) mod rotate;
pub(crate) mod script;
pub(crate) mod serve;
pub(crate) mod show;
mod store_options;
#[cfg(feature = "etcd")]
pub(crate) mod sync;
pub(crate) mod timeline;
pub(crate) mod trace;
pub(crate) mod verify;

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use self::change::{Change, OwnerOfAny, OwnerOfExisting, OwnerOfNew};
use self::color::Color;
use self::output::Output;
use crate::help;
use crate::history::Limits;
use crate::stores::StoreUrl;

/// Help with the commands in groups, which clap does not support.
fn template() -> String {
    format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}\n\nOptions:\n{}\n{}",
        help::COMMANDS,
        help::OPTIONS,
        help::MORE
    )
}

/// Manage TLS certificate bindings of HTTP.sys, on any machine.
#[derive(Debug, Parser)]
#[command(
    name = "certbind",
    version,
    help_template = template(),
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    /// The binding store.
    #[arg(
        long,
        global = true,
        env = "CERTBIND_STORE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) store: Option<StoreUrl>,

    /// Create the folder of a new store as well.
    #[arg(long, global = true, hide = true)]
    pub(crate) create: bool,

    /// Print errors and results, but no warnings and notes.
    #[arg(long, global = true, hide = true)]
    pub(crate) quiet: bool,

    /// Print the events of the backends as well: opened files, commits, retries, recovery.
    #[arg(long, global = true, hide = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// The use of colours. Default: on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", hide = true)]
    pub(crate) color: Option<Color>,

    /// The reason of the change, for the history of the store.
    #[arg(long, global = true, value_name = "TEXT", hide = true)]
    pub(crate) message: Option<String>,

    /// The history that a redb file keeps: off, or limits such as commits=10000,days=400,megabytes=16.
    #[arg(
        long,
        global = true,
        env = "CERTBIND_HISTORY",
        hide_env_values = true,
        value_name = "LIMITS",
        hide = true
    )]
    pub(crate) history: Option<Limits>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The parser of the command line.
pub(crate) fn parser() -> clap::Command {
    with_note(store_options::shown(Cli::command()))
}

/// Ends the help of each command below a command with the options that all have.
fn with_note(command: clap::Command) -> clap::Command {
    command.mut_subcommands(|command| match command.get_name() {
        "netsh" => command,
        _ => with_note(command.after_help(help::EVERY_COMMAND)),
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the bindings of the store, or of exports. With a filter, exit code 0: a binding matches,
    /// 1: none does, 2: error.
    List(Box<list::List>),
    /// Show one binding in full.
    Show(Box<show::Show>),
    /// Create a binding. Succeeds if an equal one exists.
    Add(Box<Change<OwnerOfNew>>),
    /// Update selected fields of a binding.
    Update(Box<Change<OwnerOfExisting>>),
    /// Create a binding, or update selected fields of it. Succeeds if it is already so.
    Set(Box<Change<OwnerOfAny>>),
    /// Delete a binding.
    Delete(delete::Delete),
    /// Replace a certificate in every binding that uses it, in one atomic batch.
    Rotate(Box<rotate::Rotate>),
    /// Restore the options of an earlier export after a renewal that deleted and added bindings, and
    /// keep the new certificates.
    Heal(Box<heal::Heal>),
    /// Verify new exports of hosts against the folder that `rotate --out` wrote. Exit code 0: every
    /// host is as planned, 1: a host differs or is missing, 2: error.
    Verify(verify::Verify),
    /// Import the bindings of an export, all or none.
    Import(import::Import),
    /// Export the bindings to a file.
    Export(export::Export),
    /// Compare two stores or exports. Exit code 0: equal, 1: different, 2: error.
    Diff(diff::Diff),
    /// Check a store against a desired state, and write nothing. Exit code 0: no drift, 1: drift,
    /// 2: error.
    Drift(drift::Drift),
    /// Write desired states in their canonical form. Comments are kept.
    Fmt(fmt::Fmt),
    /// Check that desired states or exports can be read. Exit code 0: all can, 3: one cannot.
    Validate {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Plan the changes that copy bindings to another host.
    Plan(Box<plan::Plan>),
    /// Apply a plan atomically. Fails if a binding has changed since the plan was made.
    Apply(apply::Apply),
    /// Keep the changes of `apply --confirm`, which are rolled back otherwise.
    Confirm(confirm::Confirm),
    /// Synchronize a store with the host record in etcd, once or continuously. Exit code 0: in sync,
    /// 1: local changes remain, 2: error, 3: etcd does not know the host, 4: etcd was not reached.
    #[cfg(feature = "etcd")]
    Sync(sync::Sync),
    /// Check the bindings of hosts against the audit rules. Exit code 0: no finding at or above
    /// --fail-on, 1: findings, 2: error.
    Audit(Box<audit::Audit>),
    /// Show the commits of a store: when, by whom, and the changes.
    Log(history::Log),
    /// Record the changes of a host in a store with a history: those since the last reading.
    Record(Box<recording::Record>),
    /// Undo a commit of a store, as a new commit. Fails if later commits changed the same keys.
    Undo(history::Undo),
    /// Restore all bindings of a store as they were at a revision or time, as a new commit.
    Restore(history::Restore),
    /// List the registry keys of bindings and of URL reservations by the times at which they were last
    /// written. Exit code 0: done, 2: not everything could be read.
    Timeline(Box<timeline::Timeline>),
    /// Connect to the endpoints and compare the served certificates. Exit code 0: all match, 1: a
    /// mismatch, 2: error.
    Probe(probe::Probe),
    /// Explain which binding answers a connection, and why. Exit code 0: a binding answers, 1: none
    /// does, 2: error.
    Explain(Box<explain::Explain>),
    /// Serve TLS as HTTP.sys would choose among the bindings, until SIGTERM or Ctrl-C.
    Serve(Box<serve::Serve>),
    /// Report which of the plausible answers HTTP.sys gives on a host. Changes nothing, unless --write
    /// is given.
    Doctor(Box<doctor::Doctor>),
    /// Show or replay a recording of HTTP Server API calls.
    Trace(trace::Trace),
    /// Run an operation of the resource for Microsoft's Desired State Configuration (DSC) v3.
    Dsc {
        #[command(subcommand)]
        operation: dsc::Dsc,
        #[command(flatten)]
        output: dsc::Lines,
    },
    /// Verify the integrity of a store.
    Check {
        /// Open a redb store whose write-ahead log (WAL) is missing or damaged, and permanently discard
        /// the commits in the WAL.
        #[arg(long, alias = "without-log")]
        discard_wal: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Emulate `netsh http`.
    ///
    /// Four options may precede the arguments of netsh: `--profile WINDOWS` selects the Windows release
    /// (2008r2, 2012r2, 2016rtm, 2016, 2019, 2022, win11-23h2 or 2025), `--language LANG` the language
    /// (en, de, fr or zh-Hans; a text that no host was seen to print in it is refused), `--crlf` ends
    /// lines with CR LF as on Windows, and `--from EXPORT` shows the bindings, URL reservations and listen list of an
    /// export.
    #[command(disable_help_flag = true)]
    Netsh {
        #[arg(
            trailing_var_arg = true,
            allow_hyphen_values = true,
            value_name = "ARGUMENT"
        )]
        arguments: Vec<String>,
    },
    /// Generate a shell completion script.
    Completions {
        /// The shell.
        shell: Shell,
        #[command(flatten)]
        output: Output,
    },
    /// Generate the manual pages.
    Man {
        /// The output folder. Without it, the page of the program is printed.
        folder: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Show help for a command or topic: keys, stores, formats, exit-codes.
    Help {
        /// A command or a topic.
        about: Option<String>,
        #[command(flatten)]
        output: Output,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn arguments_are_consistent() {
        super::parser().debug_assert();
    }

    #[test]
    fn help_lists_every_command_once() {
        let listed = crate::help::COMMANDS.lines();
        let listed = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        let mut listed: Vec<_> = listed.collect();
        let program = super::parser();
        let mut known: Vec<_> = program
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known);
    }

    /// The commands, and those below them, with their options.
    fn commands() -> Vec<clap::Command> {
        let mut pending = vec![super::parser()];
        let mut commands = Vec::new();
        while let Some(command) = pending.pop() {
            pending.extend(command.get_subcommands().cloned());
            commands.push(command);
        }
        commands
    }

    /// Help begins with a verb or a noun: no question stands for one.
    #[test]
    fn help_texts_are_verbs_or_nouns() {
        const QUESTIONS: [&str; 8] = [
            "When", "Where", "Whether", "Which", "What", "Who", "Whose", "How",
        ];
        let mut texts = 0;
        for command in commands() {
            let name = command.get_name().to_owned();
            let of_arguments = command.get_arguments().map(clap::Arg::get_help);
            for help in of_arguments.chain([command.get_about()]).flatten() {
                let help = help.to_string();
                let first = help.split([' ', ',']).next().unwrap_or_default();
                assert!(!QUESTIONS.contains(&first), "{name}: {help}");
                texts += 1;
            }
        }
        assert!(texts > 200, "{texts} texts");
    }

    /// An option has one meaning: its value has the same name in every command. Earlier spellings, which
    /// the help does not show, are not compared.
    #[test]
    fn options_have_one_meaning() {
        let mut meanings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for command in commands() {
            for argument in command.get_arguments() {
                let Some(option) = argument.get_long() else {
                    continue;
                };
                let names = argument.get_value_names().unwrap_or_default();
                let value = match argument.get_action().takes_values() {
                    true => names.iter().map(ToString::to_string).collect(),
                    false => String::new(),
                };
                let aliases = argument.get_visible_aliases().unwrap_or_default();
                for option in [&[option], &aliases[..]].concat() {
                    meanings
                        .entry(option.to_owned())
                        .or_default()
                        .insert(value.clone());
                }
            }
        }
        assert!(meanings.len() > 60, "{} options", meanings.len());
        meanings.retain(|_, values| values.len() > 1);
        assert!(meanings.is_empty(), "{meanings:?}");
    }

    /// Scripts may use the options by the names that they had before.
    #[test]
    fn former_spellings_of_options_are_hidden_aliases() {
        let commands = commands();
        for (command, former, option) in [
            ("audit", "certs", "certificates"),
            ("audit", "at-once", "jobs"),
            ("check", "without-log", "discard-wal"),
            ("doctor", "certificate", "hash"),
            ("doctor", "profile", "simulator"),
            ("doctor", "port", "unused-port"),
            ("export", "host", "machine"),
            ("import", "report", "format"),
            ("list", "cert", "uses"),
            ("plan", "app-id", "source-app-id"),
            ("plan", "host", "host-pattern"),
            ("plan", "target", "key"),
            ("record", "host", "machine"),
            ("rotate", "from", "old"),
            ("rotate", "to", "new"),
            ("sync", "every", "interval"),
        ] {
            let mut arguments = commands
                .iter()
                .filter(|it| it.get_name() == command)
                .flat_map(clap::Command::get_arguments);
            let found = arguments.find(|it| it.get_long() == Some(option));
            let found = found.unwrap_or_else(|| panic!("{command} has no --{option}"));
            let has = |names: Option<Vec<&str>>| names.is_some_and(|it| it.contains(&former));
            assert!(has(found.get_all_aliases()), "{command} --{former}");
            assert!(!has(found.get_visible_aliases()), "{command} --{former}");
        }
    }

    /// The order of arguments in the usage line is the one that the parser expects.
    #[test]
    fn usage_lines_have_arguments_in_parse_order() {
        let mut program = super::parser();
        program.build();
        for command in program.get_subcommands_mut() {
            let usage = command.render_usage().to_string();
            let mut arguments: Vec<_> = command.get_positionals().collect();
            arguments.sort_by_key(|argument| argument.get_index());
            let names = arguments.iter().map(|argument| {
                let names = argument.get_value_names().unwrap_or_default();
                names
                    .first()
                    .map_or(argument.get_id().as_str(), |name| name.as_str())
            });
            let place = |name: &str| {
                let forms = [format!("[{name}]"), format!("<{name}>")];
                let found = forms.iter().find_map(|form| usage.find(form.as_str()));
                found.unwrap_or_else(|| panic!("{usage:?} lacks {name}"))
            };
            let places: Vec<_> = names.map(place).collect();
            assert!(places.is_sorted(), "{usage}");
        }
    }
}

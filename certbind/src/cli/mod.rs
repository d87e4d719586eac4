//! The command line: its commands, and a module for the arguments of each.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod certificate;
pub(crate) mod diff;
pub(crate) mod export;
pub(crate) mod flags;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod record;
pub(crate) mod rotate;
#[cfg(feature = "etcd")]
pub(crate) mod sync;
pub(crate) mod trace;

use std::path::PathBuf;

use certbind_core::{BindingKey, Uuid};
use clap::{Parser, Subcommand};
use clap_complete::Shell;

use self::certificate::CertificateSource;
use self::key::key;
use self::output::Output;
use self::record::RecordOptions;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;
use crate::help;
use crate::stores::StoreUrl;

/// The commands stand in groups, which clap has not.
fn template() -> String {
    format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}\n\nOptions:\n{{options}}{{after-help}}",
        help::COMMANDS
    )
}

/// Manage TLS certificate bindings of HTTP.sys, on any machine.
#[derive(Debug, Parser)]
#[command(
    name = "certbind",
    version,
    help_template = template(),
    after_help = help::MORE,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    /// The store to work on.
    #[arg(
        long,
        global = true,
        env = "CERTBIND_STORE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) store: Option<StoreUrl>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the bindings.
    List {
        #[cfg(feature = "etcd")]
        #[command(flatten)]
        fleet: FleetOptions,
        #[command(flatten)]
        output: Output,
    },
    /// Show one binding in full.
    Show {
        /// ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT or scopedccs=HOST:PORT.
        #[arg(value_parser = key)]
        key: BindingKey,
        #[command(flatten)]
        output: Output,
    },
    /// Bind a key that is not bound.
    Add {
        /// ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT or scopedccs=HOST:PORT.
        #[arg(value_parser = key)]
        key: BindingKey,
        #[command(flatten)]
        certificate: CertificateSource,
        /// Who binds: any GUID, as in 4dc3e181-e14b-4a21-b022-59fc669b0914 for IIS.
        #[arg(long, value_name = "GUID")]
        app_id: Uuid,
        #[command(flatten)]
        options: RecordOptions,
    },
    /// Change what is named of a binding, and keep the rest.
    Update {
        /// ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT or scopedccs=HOST:PORT.
        #[arg(value_parser = key)]
        key: BindingKey,
        #[command(flatten)]
        certificate: CertificateSource,
        /// Who binds: any GUID.
        #[arg(long, value_name = "GUID")]
        app_id: Option<Uuid>,
        #[command(flatten)]
        options: RecordOptions,
    },
    /// Unbind a key.
    Delete {
        /// ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT or scopedccs=HOST:PORT.
        #[arg(value_parser = key)]
        key: BindingKey,
    },
    /// Renew a certificate wherever it is bound: one atomic batch, every option kept.
    Rotate(rotate::Rotate),
    /// Take the bindings of an exported store into this one: all of them or none.
    Import(import::Import),
    /// Write the bindings to a file that any machine can read.
    Export(export::Export),
    /// Say what two stores or exports differ in; exits with 0: nothing, 1: something, 2: an error.
    Diff(diff::Diff),
    /// Say what it takes for a store to have the bindings of another, and keep that as a plan.
    Plan(Box<plan::Plan>),
    /// Apply a plan: all of it, or nothing if a key no longer holds what the plan saw.
    Apply(apply::Apply),
    /// Make a store equal to a host's record in etcd, once or whenever that changes; exits with 0: it
    /// is, 1: it has changes of its own, or an error.
    #[cfg(feature = "etcd")]
    Sync(sync::Sync),
    /// Say what is wrong with the bindings of exports; exits with 0, 1: something, 2: an error.
    Audit(Box<audit::Audit>),
    /// Connect to what is bound, and say whether it serves the certificate; exits with 0: yes, 1:
    /// no, 2: an error. Nothing else here uses a network.
    Probe(probe::Probe),
    /// Show what a program did to HTTP.sys, or do it again.
    Trace(trace::Trace),
    /// Check that the store is whole.
    Check {
        /// Open a redb store whose log is missing or damaged, and give up for good what that held.
        #[arg(long)]
        without_log: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Be netsh: certbind netsh http add|update|delete|show sslcert …
    ///
    /// In front of netsh's own arguments, `--profile WINDOWS` (2012r2, 2016, 2019, 2022 or 2025) says
    /// which release's netsh it is, and `--crlf` ends lines as on Windows.
    #[command(disable_help_flag = true)]
    Netsh {
        #[arg(
            trailing_var_arg = true,
            allow_hyphen_values = true,
            value_name = "ARGUMENT"
        )]
        arguments: Vec<String>,
    },
    /// Print a script that completes commands in a shell.
    Completions {
        /// The shell that it is for.
        shell: Shell,
    },
    /// Write the manual pages.
    Man {
        /// Where to write them; without, the page of the program is printed.
        folder: Option<PathBuf>,
    },
    /// Tell more of a command, or of a notation: keys, stores, formats, exit-codes.
    Help {
        /// A command or a notation.
        about: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_grammar_contradicts_itself_nowhere() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn the_help_lists_every_command_once() {
        let listed = crate::help::COMMANDS.lines();
        let listed = listed.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        let mut listed: Vec<_> = listed.collect();
        let program = super::Cli::command();
        let mut known: Vec<_> = program
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known);
    }
}

//! The command line's grammar.

use std::path::PathBuf;

use certbind_core::{BindingKey, CertHash, Uuid};
use certbind_formats::Encoding;
use certbind_formats::netsh::{Release, Words};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::auditing;
use crate::commands::probe::Probe;
use crate::commands::trace::Trace;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;
use crate::help;
use crate::key_argument::key;
use crate::options::Options;
use crate::planning;
use crate::source::Source;
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
        options: Options,
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
        options: Options,
    },
    /// Unbind a key.
    Delete {
        /// ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT or scopedccs=HOST:PORT.
        #[arg(value_parser = key)]
        key: BindingKey,
    },
    /// Renew a certificate wherever it is bound: one atomic batch, every option kept.
    Rotate(Rotate),
    /// Take the bindings of an exported store into this one: all of them or none.
    Import(Import),
    /// Write the bindings to a file that any machine can read.
    Export(Export),
    /// Say what two stores or exports differ in; exits with 0: nothing, 1: something, 2: an error.
    Diff(Diff),
    /// Say what it takes for a store to have the bindings of another, and keep that as a plan.
    Plan(Box<planning::Plan>),
    /// Apply a plan: all of it, or nothing if a key no longer holds what the plan saw.
    Apply(planning::Apply),
    /// Make a store equal to a host's record in etcd, once or whenever that changes; exits with 0: it
    /// is, 1: it has changes of its own, or an error.
    #[cfg(feature = "etcd")]
    Sync(crate::syncing::Sync),
    /// Say what is wrong with the bindings of exports; exits with 0, 1: something, 2: an error.
    Audit(Box<auditing::Audit>),
    /// Connect to what is bound, and say whether it serves the certificate; exits with 0: yes, 1:
    /// no, 2: an error. Nothing else here uses a network.
    Probe(Probe),
    /// Show what a program did to HTTP.sys, or do it again.
    Trace(Trace),
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

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A store's URL, or a file with an export; - for standard input. Of a fleet, a folder with an
    /// export of each host, as `export --fleet` writes them.
    #[arg(value_name = "A")]
    pub(crate) before: Source,
    /// What to compare it with.
    #[arg(value_name = "B")]
    #[cfg_attr(
        feature = "etcd",
        arg(required_unless_present = "fleet", conflicts_with = "fleet")
    )]
    #[cfg_attr(not(feature = "etcd"), arg(required = true))]
    pub(crate) after: Option<Source>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Output {
    /// For people, or for programs.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

/// Which certificate to bind.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct CertificateSource {
    /// The certificate's SHA-1 hash (thumbprint).
    #[arg(long, value_name = "HEX")]
    pub(crate) hash: Option<CertHash>,
    /// A PEM or DER file with the certificate.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The hash of the certificate that is bound now.
    #[arg(value_name = "OLD-HASH", required_unless_present = "match_names")]
    pub(crate) old: Option<CertHash>,
    #[command(flatten)]
    pub(crate) successor: Successor,
    /// Renew whatever is for exactly the names of the new certificate, instead of OLD-HASH.
    #[arg(long, requires_all = ["cert", "certificates"], conflicts_with = "old")]
    pub(crate) match_names: bool,
    /// A folder with the certificates (PEM, DER) that are bound now, to know their names.
    #[arg(
        long,
        value_name = "FOLDER",
        requires = "match_names",
        conflicts_with = "old"
    )]
    pub(crate) certificates: Option<PathBuf>,
    /// Say what would be renewed, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Keep it as a plan in this file for `certbind apply`, and change nothing.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) export: Option<PathBuf>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Which certificate takes the old one's place.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Successor {
    /// The hash of its successor.
    #[arg(value_name = "NEW-HASH")]
    pub(crate) new: Option<CertHash>,
    /// A PEM or DER file with the successor.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The export; - for standard input.
    pub(crate) file: PathBuf,
    /// What the file is.
    #[arg(long, value_enum, default_value_t = ImportFormat::Auto)]
    pub(crate) format: ImportFormat,
    /// What to do with a key that is bound already.
    #[arg(long, value_enum, default_value_t = OnConflict::Fail)]
    pub(crate) on_conflict: OnConflict,
    /// Import what can be read, and leave out what cannot.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// The encoding of the text, where it cannot be told: windows-1252, gbk, …
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<Encoding>,
    /// netsh's words in a language that is not known, for Enabled, Disabled, Set and Not Set.
    #[arg(long, value_name = "W,W,W,W", value_parser = words)]
    pub(crate) words: Option<Words>,
    /// Say what would be imported, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to tell what was done.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) report: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// Tell it from the content.
    Auto,
    Json,
    /// What `netsh http show sslcert` prints.
    Netsh,
    /// A binary file of chunks with check sums.
    Snapshot,
    /// A registry export (.reg).
    Reg,
    /// The registry's SYSTEM hive, as a file.
    Hive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnConflict {
    /// Import nothing.
    Fail,
    /// Keep what the store has.
    Skip,
    /// Take what the file has.
    Replace,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// What to write.
    #[arg(long, value_enum, default_value_t = ExportFormat::Json)]
    pub(crate) format: ExportFormat,
    /// Where to write it; standard output without. Of a fleet, the folder for a file of each host.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How netsh prints it: 2008r2, 2012r2, 2016, 2019, 2022 or 2025. Without, as the host printed
    /// it that the store was last imported from; else 2022.
    #[arg(long, value_name = "WINDOWS")]
    pub(crate) layout: Option<Release>,
    /// The host that the bindings are of, for the header.
    #[arg(long, value_name = "NAME")]
    #[cfg_attr(feature = "etcd", arg(conflicts_with = "fleet"))]
    pub(crate) host: Option<String>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Json,
    /// What `netsh http show sslcert` prints.
    Netsh,
    /// A .cmd file of `netsh http add sslcert` commands.
    NetshScript,
    /// A .ps1 file of them, for PowerShell.
    NetshPowershell,
    /// A binary file of chunks with check sums, for stores of any size.
    Snapshot,
    /// A registry export (.reg), for `reg import` on a host.
    Reg,
}

fn words(text: &str) -> Result<Words, &'static str> {
    let words: Vec<_> = text.split(',').map(|word| word.trim().to_owned()).collect();
    let [enabled, disabled, set, not_set] = words
        .try_into()
        .map_err(|_| "four words with commas between them, as in Enabled,Disabled,Set,Not Set")?;
    Ok(Words {
        enabled,
        disabled,
        set,
        not_set,
    })
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

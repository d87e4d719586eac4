//! The arguments of `export`.

use std::path::PathBuf;

use certbind_formats::netsh::{Language, Release};
use clap::{Args, ValueEnum};

#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The format of the export.
    #[arg(long, value_enum, default_value_t = ExportFormat::Json)]
    pub(crate) format: ExportFormat,
    /// The output file; standard output by default. With --fleet: a folder for one file per host.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The Windows release whose listing layout is used: 2008, 2008r2, 2012r2, 2016rtm, 2016, 2019,
    /// 2022, win11-23h2 or 2025.
    /// Default: the layout of the last imported listing, or else 2022.
    #[arg(long, value_name = "WINDOWS")]
    pub(crate) layout: Option<Release>,
    /// The language of the listing: en, de, fr or zh-Hans. A listing with a text that no published output
    /// of a host has in that language is refused.
    #[arg(long, value_name = "LANG")]
    pub(crate) language: Option<Language>,
    /// Keep the layout of the imported listing in JSON, so that it can be printed back byte for byte.
    #[arg(long)]
    pub(crate) with_layout: bool,
    /// An export to convert, instead of the store. JSON keeps the times and the configuration of a hive.
    #[arg(long, value_name = "SOURCE")]
    #[cfg_attr(feature = "etcd", arg(conflicts_with = "fleet"))]
    pub(crate) from: Option<Input>,
    /// The name of the exported machine, for the header.
    #[arg(long = "machine", alias = "host", value_name = "NAME")]
    #[cfg_attr(feature = "etcd", arg(conflicts_with = "fleet"))]
    pub(crate) host: Option<String>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Json,
    /// The output of `netsh http show sslcert`.
    Netsh,
    /// A .cmd file of `netsh http add sslcert` commands.
    NetshScript,
    /// A PowerShell (.ps1) file of the same commands.
    NetshPowershell,
    /// A binary file of chunks with checksums, for stores of any size.
    Snapshot,
    /// A registry export (.reg), for `reg import` on a host.
    Reg,
    /// The shortest desired state (bindings.toml), for git.
    Toml,
}

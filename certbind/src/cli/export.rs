//! The arguments of `export`.

use std::path::PathBuf;

use certbind_formats::netsh::Release;
use clap::{Args, ValueEnum};

#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;

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

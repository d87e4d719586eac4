//! The arguments of `probe`.

use std::net::IpAddr;
use std::path::PathBuf;

use certbind_core::BindingKey;
use clap::Args;

use super::key::key;
use super::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// The keys to probe. Default: every binding.
    #[arg(value_parser = key)]
    pub(crate) keys: Vec<BindingKey>,
    /// The address for keys that have none: host names and wildcard addresses.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) address: IpAddr,
    /// The time limit for a connection, and for the handshake after it.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// Connect to the endpoints of `certbind serve` in this file, its --ready-file.
    #[arg(long, value_name = "FILE")]
    pub(crate) served_by: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

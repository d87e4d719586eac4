//! The arguments of `doctor`.

use std::path::PathBuf;

use certbind_core::{CertHash, StoreName};
use clap::Args;

use super::output::Output;
use crate::stores::StoreUrl;

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The host: httpsys: or httpsys:LIBRARY. Default: the binding store.
    #[arg(value_name = "URL")]
    pub(crate) host: Option<StoreUrl>,
    /// Also bind, change and delete keys of one unused port. Everything is restored afterwards. Needs
    /// --yes and --hash.
    #[arg(long, requires = "yes", requires = "hash")]
    pub(crate) write: bool,
    /// Do not ask for confirmation of --write.
    #[arg(long, requires = "write")]
    pub(crate) yes: bool,
    /// The hash of the certificate for --write, which the host has with its private key.
    #[arg(long, alias = "certificate", value_name = "HEX", requires = "write")]
    pub(crate) hash: Option<CertHash>,
    /// The certificate store of --hash. Default: MY.
    #[arg(long, value_name = "NAME", requires = "write")]
    pub(crate) store_name: Option<StoreName>,
    /// The unused port for --write.
    #[arg(long = "unused-port", alias = "port", value_name = "PORT", default_value_t = 49_151, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// Write a configuration of the simulator that answers as this host.
    #[arg(long, alias = "profile", value_name = "FILE")]
    pub(crate) simulator: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

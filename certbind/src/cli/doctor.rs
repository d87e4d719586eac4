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
    /// --yes and --certificate.
    #[arg(long, requires = "yes", requires = "certificate")]
    pub(crate) write: bool,
    /// Confirm --write.
    #[arg(long, requires = "write")]
    pub(crate) yes: bool,
    /// The certificate for --write: the hash of one that the host has, with its private key.
    #[arg(long, value_name = "HASH", requires = "write")]
    pub(crate) certificate: Option<CertHash>,
    /// The certificate store of --certificate. Default: MY.
    #[arg(long, value_name = "NAME", requires = "write")]
    pub(crate) store_name: Option<StoreName>,
    /// The unused port for --write.
    #[arg(long, value_name = "PORT", default_value_t = 49_151, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// Write a configuration of the simulator that answers as this host.
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

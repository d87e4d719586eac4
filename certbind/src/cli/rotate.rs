//! The arguments of `rotate`.

use std::path::PathBuf;

use certbind_core::CertHash;
use clap::Args;

use super::output::Output;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;

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

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
    /// Replace every certificate that has exactly the names of the new one, instead of OLD-HASH.
    #[arg(long, requires_all = ["cert", "certificates"], conflicts_with = "old")]
    pub(crate) match_names: bool,
    /// A folder with the certificates (PEM, DER) that are bound now, for their names.
    #[arg(
        long,
        value_name = "FOLDER",
        requires = "match_names",
        conflicts_with = "old"
    )]
    pub(crate) certificates: Option<PathBuf>,
    /// Show the changes without making them.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write a plan for `certbind apply` to this file, and change nothing.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) export: Option<PathBuf>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The new certificate.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Successor {
    /// The hash of the new certificate.
    #[arg(value_name = "NEW-HASH")]
    pub(crate) new: Option<CertHash>,
    /// A PEM or DER file with the new certificate.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
}

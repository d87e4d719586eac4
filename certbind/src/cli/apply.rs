//! The arguments of `apply`.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use crate::stores::StoreUrl;

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The plan file.
    pub(crate) plan: PathBuf,
    /// The store to change, if it is not the one that the plan was made for. Same as --store.
    #[arg(value_name = "TARGET")]
    #[cfg_attr(feature = "etcd", arg(conflicts_with = "fleet"))]
    pub(crate) target: Option<StoreUrl>,
    /// Do not ask for confirmation.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Check the plan against the store and show it. Change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The file for the undo plan. Default: PLAN.undo.json.
    #[arg(long, value_name = "FILE")]
    pub(crate) undo: Option<PathBuf>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: crate::fleet::FleetOptions,
    #[command(flatten)]
    pub(crate) format: Output,
}

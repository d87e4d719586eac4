//! The arguments of `apply`.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use crate::stores::StoreUrl;

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The plan.
    pub(crate) plan: PathBuf,
    /// The store to apply it to, where that is not the one it was made for; --store on the command
    /// line names it as well.
    #[arg(value_name = "TARGET")]
    #[cfg_attr(feature = "etcd", arg(conflicts_with = "fleet"))]
    pub(crate) target: Option<StoreUrl>,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Check the plan against the store and show it, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where to keep the plan that undoes it; PLAN.undo.json without.
    #[arg(long, value_name = "FILE")]
    pub(crate) undo: Option<PathBuf>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: crate::fleet::FleetOptions,
    #[command(flatten)]
    pub(crate) format: Output,
}

//! The arguments of `apply`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use certbind_migrate::Plan;
use clap::Args;
use jiff::SignedDuration;

use super::applications::Applications;
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
    /// Connect to each changed endpoint on which something listens, and compare the certificate.
    /// Keys without an address are tried at ADDRESS, by default 127.0.0.1. Exit code 1: another
    /// certificate is served.
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "127.0.0.1",
        conflicts_with = "dry_run"
    )]
    #[cfg_attr(feature = "etcd", arg(conflicts_with = "fleet"))]
    pub(crate) probe: Option<IpAddr>,
    /// Wait for `certbind confirm`, and roll the changes back after this time: 60s, 5m. If this process
    /// is killed, the next certbind rolls them back. With --probe, a wrong certificate does so at once.
    #[arg(long, value_name = "TIME", value_parser = time_limit, conflicts_with = "dry_run")]
    #[cfg_attr(feature = "etcd", arg(conflicts_with = "fleet"))]
    pub(crate) confirm: Option<Duration>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: crate::fleet::FleetOptions,
    #[command(flatten)]
    pub(crate) format: Output,
    #[command(flatten)]
    pub(crate) applications: Applications,
}

impl Apply {
    /// The changes of the applications that are selected.
    pub(crate) fn selected(&self, plan: Plan) -> Plan {
        let filter = self.applications.filter();
        if filter.is_empty() {
            return plan;
        }
        plan.filtered(|step| {
            let binding = step.new_value().or(step.expected());
            binding.is_some_and(|binding| filter.matches(binding))
        })
    }
}

/// A time of a second to a day.
pub(super) fn time_limit(text: &str) -> Result<Duration, String> {
    let invalid = || "expected a time such as 60s or 5m, of a second to a day".to_owned();
    let time: SignedDuration = text.parse().map_err(|_| invalid())?;
    let time = Duration::try_from(time).map_err(|_| invalid())?;
    match time.as_secs() {
        1..=86_400 => Ok(time),
        _ => Err(invalid()),
    }
}

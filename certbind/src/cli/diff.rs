//! The arguments of `diff`.

use clap::Args;

use super::output::Output;
use super::script::Scripts;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;
use crate::hive_logs::LogOptions;
use crate::input::Input;
use crate::past::At;

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A store URL or an export file; - for standard input. With --fleet: a folder with an export
    /// of each host, as written by `export --fleet`.
    #[arg(value_name = "A", required_unless_present = "at")]
    pub(crate) before: Option<Input>,
    /// The store or export to compare with.
    #[arg(value_name = "B")]
    #[cfg_attr(
        feature = "etcd",
        arg(required_unless_present_any = ["fleet", "at"], conflicts_with = "fleet")
    )]
    #[cfg_attr(not(feature = "etcd"), arg(required_unless_present = "at"))]
    pub(crate) after: Option<Input>,
    /// Compare the store with itself at a revision or time; twice: compare two of them.
    #[arg(long, value_name = "REVISION|TIME", conflicts_with = "before")]
    pub(crate) at: Vec<At>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    #[command(flatten)]
    pub(crate) scripts: Scripts,
    #[command(flatten)]
    pub(crate) output: Output,
}

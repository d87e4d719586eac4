//! The arguments of `diff`.

use clap::Args;

use super::output::Output;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A store's URL, or a file with an export; - for standard input. Of a fleet, a folder with an
    /// export of each host, as `export --fleet` writes them.
    #[arg(value_name = "A")]
    pub(crate) before: Input,
    /// What to compare it with.
    #[arg(value_name = "B")]
    #[cfg_attr(
        feature = "etcd",
        arg(required_unless_present = "fleet", conflicts_with = "fleet")
    )]
    #[cfg_attr(not(feature = "etcd"), arg(required = true))]
    pub(crate) after: Option<Input>,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

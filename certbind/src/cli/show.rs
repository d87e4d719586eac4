//! The arguments of `show`.

use certbind_core::BindingKey;
use clap::Args;

use super::key::key;
use super::output::Output;
use crate::hive_logs::LogOptions;
use crate::input::Input;
use crate::past::At;

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT or scopedccs=HOST:PORT.
    #[arg(value_parser = key)]
    pub(crate) key: BindingKey,
    /// Show it as it was at a revision or time.
    #[arg(long, value_name = "REVISION|TIME", conflicts_with = "from")]
    pub(crate) at: Option<At>,
    /// An export to show the binding of, instead of the store. A hive has the last-write time of its
    /// registry key as well.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: Option<Input>,
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

//! The arguments of `confirm`.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// The plan file that was applied. Default: the only one that waits.
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

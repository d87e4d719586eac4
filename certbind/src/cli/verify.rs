//! The arguments of `verify`.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// New export files of the hosts, folders of them, glob patterns, or @FILE with a list of these.
    #[arg(value_name = "AFTER", required = true)]
    pub(crate) exports: Vec<String>,
    /// The folder that `rotate --out` wrote.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    pub(crate) output: Output,
}

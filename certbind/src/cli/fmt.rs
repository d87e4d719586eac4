//! The arguments of `fmt`.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// The files, in TOML; - for standard input, whose form is printed.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write nothing. Exit code 1: a file is not in canonical form.
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

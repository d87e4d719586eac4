//! The arguments of `heal`.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use super::script::Scripts;
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Heal {
    /// The store to heal, or, with --out, an export of the host as it is now.
    pub(crate) target: Input,
    /// An export from before the renewal, or a store.
    #[arg(long, value_name = "EXPORT")]
    pub(crate) before: Input,
    /// Show the changes without making them.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Heal the keys that are bound in both, although a key that is gone and a new key at the same
    /// port may belong together.
    #[arg(long)]
    pub(crate) only_paired: bool,
    /// The file for the undo plan. Default: none is written.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) undo: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) scripts: Scripts,
    #[command(flatten)]
    pub(crate) output: Output,
}

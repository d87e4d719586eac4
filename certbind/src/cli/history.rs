//! The arguments of `log`, `undo` and `restore`.

use certbind_core::BindingKey;
use clap::Args;

use super::key::key;
use super::output::Output;
use crate::past::At;

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// Show only the commits that changed this key.
    #[arg(value_parser = key)]
    pub(crate) key: Option<BindingKey>,
    /// Show at most this many commits.
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<usize>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// The revision of the commit; without it, the last one.
    pub(crate) revision: Option<u64>,
    /// Also restore keys that later commits have changed.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) change: HistoryChange,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The revision or time whose bindings are restored.
    #[arg(long, value_name = "REVISION|TIME")]
    pub(crate) at: At,
    #[command(flatten)]
    pub(crate) change: HistoryChange,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryChange {
    /// Show the changes, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

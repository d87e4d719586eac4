//! The arguments of `delete`.

use certbind_core::BindingKey;
use clap::Args;

use super::key::key;
use super::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT or scopedccs=HOST:PORT.
    #[arg(value_parser = key)]
    pub(crate) key: BindingKey,
    /// Succeed if the key is not bound.
    #[arg(long)]
    pub(crate) ignore_not_found: bool,
    /// Show the change without making it.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

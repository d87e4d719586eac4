//! The output format of a command.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Output {
    /// The output format.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

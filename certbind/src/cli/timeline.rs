//! The arguments of `timeline`.

use clap::{Args, ValueEnum};

use crate::hive_logs::LogOptions;
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Timeline {
    /// Hives, JSON exports with times, folders, archives, patterns such as 'exports/*.json', @FILE for a
    /// list of targets.
    #[arg(required = true, value_name = "EXPORT")]
    pub(crate) targets: Vec<Input>,
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    /// The output format.
    #[arg(long, value_enum, default_value_t = TimelineFormat::Table)]
    pub(crate) format: TimelineFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimelineFormat {
    Table,
    Json,
    Csv,
    /// The body file of The Sleuth Kit 3, for mactime and other timeline tools.
    Bodyfile,
}

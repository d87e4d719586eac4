//! The arguments of `record`.

use std::num::NonZeroU64;
use std::str::FromStr;

use clap::Args;
use jiff::Timestamp;

use super::output::Output;
use crate::instant::instant;
use crate::registry::registry;
use crate::stores::StoreUrl;

#[derive(Debug, Args)]
pub(crate) struct Record {
    /// A store URL; or exports of one host: files, folders, glob patterns and @LIST.
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,
    /// The recording: a redb file, created by the first reading.
    #[arg(long, value_name = "FILE")]
    pub(crate) into: RecordingFile,
    /// The name of the recorded machine, if the source does not contain it.
    #[arg(long = "machine", alias = "host", value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// The time of the export, if neither it nor its name contains it.
    #[arg(long, value_name = "TIME", value_parser = instant, conflicts_with = "watch")]
    pub(crate) time: Option<Timestamp>,
    /// Keep running, and read the source repeatedly.
    #[arg(long)]
    pub(crate) watch: bool,
    /// The interval between two readings.
    #[arg(long, value_name = "SECONDS", requires = "watch", default_value = "60")]
    pub(crate) interval: NonZeroU64,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The path of a redb file, or its URL.
#[derive(Clone, Debug)]
pub(crate) struct RecordingFile(pub(crate) StoreUrl);

impl FromStr for RecordingFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = match registry().is_url(text) {
            true => text.to_owned(),
            false => format!("redb:{text}"),
        };
        url.parse().map(Self)
    }
}

//! The arguments of `sync`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::str::FromStr;

use certbind_etcd::{EtcdUrl, HostName};
use clap::Args;

use super::output::Output;
use crate::backends::etcd;
use crate::stores::StoreUrl;

#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The host record: etcd://ENDPOINT[,ENDPOINT…]/HOST.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: HostUrl,
    /// The store to change: httpsys: or any other.
    #[arg(long, value_name = "URL")]
    pub(crate) to: StoreUrl,
    /// Synchronize once (the default).
    #[arg(long, conflicts_with = "watch")]
    once: bool,
    /// Keep running, and synchronize whenever the record changes.
    #[arg(long)]
    pub(crate) watch: bool,
    /// The interval of reading the store if the record has not changed.
    #[arg(
        long,
        alias = "every",
        value_name = "SECONDS",
        requires = "watch",
        default_value = "60"
    )]
    pub(crate) interval: NonZeroU64,
    /// Show the changes without making them.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Revert local changes of the store. Default: report them.
    #[arg(long)]
    pub(crate) enforce: bool,
    /// The file for the state of the last synchronization. Default: in the data directory.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The URL of a host in etcd.
#[derive(Clone, Debug)]
pub(crate) struct HostUrl {
    pub(crate) url: EtcdUrl,
    pub(crate) host: HostName,
}

impl FromStr for HostUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = etcd::parse(text)?;
        match url.host().cloned() {
            Some(host) => Ok(Self { url, host }),
            None => Err("the URL names no host: etcd://ENDPOINT/HOST".to_owned()),
        }
    }
}

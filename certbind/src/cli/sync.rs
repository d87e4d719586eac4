//! The arguments of `sync`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::str::FromStr;

use certbind_etcd::{EtcdUrl, HostName};
use clap::Args;

use super::output::Output;
use crate::stores::{StoreUrl, etcd_url};

#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The host's record: etcd://MEMBER[,MEMBER…]/HOST.
    #[arg(long, value_name = "URL")]
    pub(crate) from: HostUrl,
    /// The store that is made equal to it: httpsys:, or any other.
    #[arg(long, value_name = "URL")]
    pub(crate) to: StoreUrl,
    /// Do it once. This is what is done without --watch as well.
    #[arg(long, conflicts_with = "watch")]
    once: bool,
    /// Go on, and do it again whenever the record changes.
    #[arg(long)]
    pub(crate) watch: bool,
    /// How often the store is looked at, though the record has not changed.
    #[arg(long, value_name = "SECONDS", requires = "watch", default_value = "60")]
    pub(crate) every: NonZeroU64,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Put back what was changed in the store and the fleet does not know. Without, it is reported.
    #[arg(long)]
    pub(crate) enforce: bool,
    /// Where is kept what the store was last made equal to; in the data directory without.
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
        let url = etcd_url(text)?;
        match url.host().cloned() {
            Some(host) => Ok(Self { url, host }),
            None => Err("it names no host: etcd://MEMBER/HOST".to_owned()),
        }
    }
}

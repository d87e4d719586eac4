//! All hosts of one etcd cluster, for the commands with `--fleet`.

use std::num::NonZeroUsize;
use std::str::FromStr;

use certbind_etcd::{EtcdStore, EtcdUrl, Fleet, HostName};
use clap::Args;

use crate::backends::etcd;
use crate::error::Error;
use crate::message::{report, warn};
use crate::terminal::escaped;

/// Which hosts, and how many of them side by side.
#[derive(Debug, Args)]
pub(crate) struct FleetOptions {
    /// Process every host of a fleet: etcd://ENDPOINT[,ENDPOINT…]/
    #[arg(long, value_name = "URL")]
    pub(crate) fleet: Option<FleetUrl>,
    /// The number of hosts to process concurrently.
    #[arg(
        long,
        alias = "at-once",
        value_name = "N",
        requires = "fleet",
        default_value = "16"
    )]
    pub(crate) jobs: NonZeroUsize,
}

/// The URL of a fleet: that of a host without the host.
#[derive(Clone, Debug)]
pub(crate) struct FleetUrl(EtcdUrl);

impl FleetUrl {
    /// The URL of one host, for exports and plans: without the options.
    pub(crate) fn of(&self, host: &HostName) -> String {
        self.0.with_host(host).to_string()
    }
}

impl FromStr for FleetUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let parsed: EtcdUrl = url
            .parse()
            .map_err(|error: certbind_etcd::UrlError| error.to_string())?;
        match parsed.host() {
            None => Ok(Self(parsed)),
            Some(host) => Err(format!(
                "the URL names the host {host}; remove it for a fleet, or pass the host by --store"
            )),
        }
    }
}

/// The result of a visit to each host, in the order of their names.
pub(crate) struct Visited<T> {
    pub(crate) hosts: Vec<(HostName, T)>,
    /// The number of failed hosts. Each was reported.
    pub(crate) failed: usize,
    /// Those hosts, and why.
    pub(crate) errors: Vec<(HostName, String)>,
}

/// Visits every host. A failure does not prevent the other visits: it is reported, and counted.
pub(crate) fn visit<T: Send>(
    url: &FleetUrl,
    jobs: NonZeroUsize,
    visit: impl Fn(&HostName, &EtcdStore) -> Result<T, Error> + Sync,
) -> Result<Visited<T>, Error> {
    let fleet = open(url)?;
    let list = fleet.hosts()?;
    for error in &list.skipped {
        warn(&escaped(&format!("skipped: {error}")));
    }
    go(&fleet, list.hosts, jobs, visit)
}

/// Visits these hosts, as [`visit`] does.
pub(crate) fn visit_these<T: Send>(
    url: &FleetUrl,
    hosts: Vec<HostName>,
    jobs: NonZeroUsize,
    visit: impl Fn(&HostName, &EtcdStore) -> Result<T, Error> + Sync,
) -> Result<Visited<T>, Error> {
    go(&open(url)?, hosts, jobs, visit)
}

fn open(url: &FleetUrl) -> Result<Fleet, Error> {
    Ok(etcd::builder(&url.0)?.open_fleet()?)
}

fn go<T: Send>(
    fleet: &Fleet,
    hosts: Vec<HostName>,
    jobs: NonZeroUsize,
    visit: impl Fn(&HostName, &EtcdStore) -> Result<T, Error> + Sync,
) -> Result<Visited<T>, Error> {
    let results = fleet.visit(&hosts, jobs, visit);
    let mut visited = Visited {
        hosts: Vec::with_capacity(hosts.len()),
        failed: 0,
        errors: Vec::new(),
    };
    for (host, result) in hosts.into_iter().zip(results) {
        match result {
            Ok(found) => visited.hosts.push((host, found)),
            Err(error) => {
                visited.failed += 1;
                report(&escaped(&format!("{host}: {error}")));
                visited.errors.push((host, error.to_string()));
            }
        }
    }
    Ok(visited)
}

/// `1 host`, `2 hosts`.
pub(crate) fn counted(hosts: usize) -> String {
    if hosts == 1 {
        "1 host".into()
    } else {
        format!("{hosts} hosts")
    }
}

//! `probe`: checks whether the bound certificate is the one that is served.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use certbind_backends::Access;
use certbind_core::{Binding, BindingKey, StoreError};
use certbind_migrate::Plan;
use certbind_probe::{ProbeOptions, ProbeReport, ProbeResult, probe_all};
use serde::{Deserialize, Serialize};

use crate::cli::output::Format;
use crate::cli::probe::Probe;
use crate::error::Error;
use crate::exit;
use crate::input::{read_file, scan_all};
use crate::print::{print, print_json};
use crate::progress::Progress;
use crate::stores::{Opened, StoreUrl};
use crate::terminal::escaped;

#[derive(Serialize)]
struct Row<'a> {
    key: &'a BindingKey,
    #[serde(flatten)]
    probed: &'a ProbeReport,
}

pub(crate) fn run(url: &StoreUrl, arguments: &Probe) -> Result<u8, Error> {
    probe(url, arguments).map_err(|error| Error::Probe(Box::new(error)))
}

fn probe(url: &StoreUrl, arguments: &Probe) -> Result<u8, Error> {
    let store = Opened::open(url, Access::Read)?;
    let bindings = bindings(&store, &arguments.keys)?;
    let host = scan_all(store.bindings())?;
    let options = ProbeOptions {
        address: arguments.address,
        timeout: Duration::from_secs(arguments.timeout),
        redirects: arguments.served_by.as_deref().map(served).transpose()?,
        ..ProbeOptions::default()
    };
    let progress = Progress::new();
    progress.at(format!("Probing {} endpoints", bindings.len()));
    let probed = probe_all(&bindings, &host, &options);
    drop(progress);
    let rows = bindings.iter().zip(&probed);
    match arguments.output.format {
        Format::Table => print(&in_words(rows))?,
        Format::Json => {
            let rows = rows.map(|(binding, probed)| Row {
                key: binding.key(),
                probed,
            });
            print_json(&rows.collect::<Vec<_>>())?;
        }
    }
    let is_wrong = probed.iter().any(|probed| probed.found.is_wrong());
    Ok(if is_wrong { exit::FOUND } else { exit::DONE })
}

/// The ready file of `certbind serve`.
#[derive(Deserialize)]
struct ReadyFile {
    endpoints: Vec<ServedEndpoint>,
}

#[derive(Deserialize)]
struct ServedEndpoint {
    address: IpAddr,
    port: u16,
    listens_on: SocketAddr,
}

/// Where `certbind serve` listens for each address.
fn served(path: &Path) -> Result<BTreeMap<SocketAddr, SocketAddr>, Error> {
    let unreadable = |source| Error::Input {
        path: path.to_owned(),
        source,
    };
    let json = read_file(path).map_err(unreadable)?;
    let file: ReadyFile = serde_json::from_slice(&json)
        .map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let endpoints = file.endpoints.into_iter();
    let endpoints = endpoints.map(|it| (SocketAddr::new(it.address, it.port), it.listens_on));
    Ok(endpoints.collect())
}

/// The changed endpoints of a plan that was applied.
pub(super) struct Probes {
    /// Those with a listener, or without an endpoint to connect to.
    bindings: Vec<Binding>,
    probed: Vec<ProbeReport>,
    /// How many have no listener.
    without_listener: usize,
}

/// Connects to the endpoints whose bindings a plan created or replaced.
pub(super) fn probed(url: &StoreUrl, plan: &Plan, address: IpAddr) -> Result<Probes, Error> {
    let host = scan_all(Opened::open(url, Access::Read)?.bindings())?;
    let changed = plan.changes().filter_map(|step| step.new_value().cloned());
    let changed: Vec<_> = changed.collect();
    let options = ProbeOptions {
        address,
        ..ProbeOptions::default()
    };
    let progress = Progress::new();
    progress.at(format!("Probing {} endpoints", changed.len()));
    let all = probe_all(&changed, &host, &options);
    drop(progress);
    let mut probes = Probes {
        bindings: Vec::new(),
        probed: Vec::new(),
        without_listener: 0,
    };
    for (binding, probed) in changed.into_iter().zip(all) {
        let is_silent = matches!(probed.found, ProbeResult::Nothing { .. })
            && probed
                .address
                .is_none_or(|it| TcpStream::connect_timeout(&it, options.timeout).is_err());
        if is_silent {
            probes.without_listener += 1;
        } else {
            probes.bindings.push(binding);
            probes.probed.push(probed);
        }
    }
    Ok(probes)
}

impl Probes {
    /// Whether an endpoint with a listener serves another certificate than the bound one.
    pub(super) fn is_wrong(&self) -> bool {
        self.probed.iter().any(|probed| probed.found.is_wrong())
    }

    pub(super) fn rows(&self) -> Vec<impl Serialize> {
        let rows = self.bindings.iter().zip(&self.probed);
        let rows = rows.map(|(binding, probed)| Row {
            key: binding.key(),
            probed,
        });
        rows.collect()
    }

    pub(super) fn in_words(&self) -> String {
        let text = in_words(self.bindings.iter().zip(&self.probed));
        match self.without_listener {
            0 => text,
            count => format!("{text}Nothing listens on {count} of the changed endpoints\n"),
        }
    }
}

fn bindings(store: &Opened, keys: &[BindingKey]) -> Result<Vec<Binding>, Error> {
    if keys.is_empty() {
        return scan_all(store.bindings());
    }
    let found = keys.iter().map(|key| {
        let found = store.bindings().get(key)?;
        found.ok_or_else(|| StoreError::NotFound { key: key.clone() }.into())
    });
    found.collect()
}

fn in_words<'a>(probed: impl Iterator<Item = (&'a Binding, &'a ProbeReport)>) -> String {
    let mut text = String::new();
    let [mut same, mut wrong, mut other] = [0; 3];
    for (binding, probed) in probed {
        let (count, said) = match &probed.found {
            ProbeResult::Same => (&mut same, "serves the bound certificate".to_owned()),
            ProbeResult::Other { served } => {
                (&mut wrong, format!("serves another certificate, {served}"))
            }
            ProbeResult::Hidden { by, served } => (
                &mut other,
                format!("hidden by {by}, which serves its certificate, {served}"),
            ),
            ProbeResult::Nothing { why } => (&mut wrong, why.clone()),
            ProbeResult::Served { served } => (
                &mut other,
                format!("serves {served}; none is bound by hash"),
            ),
            ProbeResult::NotProbed { why } => (&mut other, format!("not probed: {why}")),
            _ => (
                &mut other,
                "found something that has no words yet".to_owned(),
            ),
        };
        *count += 1;
        let place = match (&probed.address, &probed.name) {
            (Some(address), Some(name)) => format!(" ({address}, {name})"),
            (Some(address), None) => format!(" ({address})"),
            (None, _) => String::new(),
        };
        let line = format!("{}{place}: {said}", binding.key());
        let _ = writeln!(text, "{}", escaped(&line));
    }
    text + &format!("{same} as bound, {wrong} not, {other} without a verdict\n")
}

//! The arguments of `serve`.

use std::path::PathBuf;
use std::str::FromStr;

use certbind_core::Port;
use certbind_serve::{PortRule, Ports};
use clap::Args;

use super::output::Output;
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The binding store or export to serve. Default: the store of --store.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: Option<Input>,
    /// A folder of PEM and PFX files with the bound certificates and their private keys.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) certificates: Option<PathBuf>,
    /// The folder of the central certificate store: www.contoso.com.pfx, _.contoso.com.pfx for wildcards.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) central_store: Option<PathBuf>,
    /// A file with passwords for PFX files, one per line.
    #[arg(long, value_name = "FILE")]
    pub(crate) passwords: Option<PathBuf>,
    /// Listen on another port than that of the bindings; 0 is any free port. May be repeated.
    #[arg(long, value_name = "PORT=PORT")]
    map: Vec<Mapping>,
    /// Add a number to every port that --map does not name.
    #[arg(long, value_name = "NUMBER", conflicts_with = "free_ports")]
    offset: Option<u16>,
    /// Listen on any free port for every port that --map does not name.
    #[arg(long)]
    free_ports: bool,
    /// Forward requests to this application, http://HOST:PORT. Default: answer with a description of
    /// the connection in JSON.
    #[arg(long, value_name = "URL")]
    pub(crate) upstream: Option<String>,
    /// Write the endpoints to this file, in JSON, when the server listens and whenever they change.
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// The maximum number of connections.
    #[arg(long, value_name = "NUMBER", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: u32,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug)]
struct Mapping {
    from: Port,
    to: u16,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected PORT=PORT, such as 443=8443".to_owned();
        let (from, to) = text.split_once('=').ok_or_else(wrong)?;
        Ok(Self {
            from: from.parse().map_err(|_| wrong())?,
            to: to.parse().map_err(|_| wrong())?,
        })
    }
}

impl Serve {
    /// The ports to listen on.
    pub(crate) fn ports(&self) -> Ports {
        let rule = match self.offset {
            Some(offset) => PortRule::Offset(offset),
            None if self.free_ports => PortRule::Free,
            None => PortRule::Same,
        };
        let ports = self.map.iter();
        ports.fold(Ports::new(rule), |ports, mapping| {
            ports.with(mapping.from, mapping.to)
        })
    }
}

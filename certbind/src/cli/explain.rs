//! The arguments of `explain`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use certbind_core::Port;
use certbind_resolve::{Connection, Family, LocalAddress};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::output::Output;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;
use crate::hive_logs::LogOptions;
use crate::input::Input;
use crate::instant::instant;

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The address and port that the client connects to; * stands for any address that no binding
    /// names.
    #[arg(value_name = "ADDRESS:PORT", required_unless_present_any = ["all", "changes"])]
    endpoint: Option<Endpoint>,
    /// The server name that the client sends (SNI). Default: none.
    #[arg(long, value_name = "NAME", requires = "endpoint")]
    sni: Option<String>,
    /// Show how other TLS servers would answer this server name, if they had a site for each host name.
    #[arg(long, requires = "sni")]
    pub(crate) other_servers: bool,
    /// The version of IP of an address that is given as *. Default: 4.
    #[arg(long, value_enum, value_name = "4|6", requires = "endpoint")]
    family: Option<FamilyArgument>,
    /// Show the answer to every connection that this port distinguishes.
    #[arg(long, value_name = "PORT", conflicts_with_all = ["endpoint", "changes"])]
    pub(crate) all: Option<Port>,
    /// Show which connections a plan gives another binding or certificate.
    #[arg(long, value_name = "PLAN", conflicts_with = "endpoint")]
    pub(crate) changes: Option<PathBuf>,
    /// The binding store or export to explain. Default: the store of --store.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: Option<Input>,
    /// A folder with certificates (PEM, DER), to check names and dates.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) certificates: Option<PathBuf>,
    /// The date or time of the connection: 2026-12-31 or 2026-12-31T12:00:00Z. Default: now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    now: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FamilyArgument {
    #[value(name = "4")]
    V4,
    #[value(name = "6")]
    V6,
}

/// An address, if one is given, and a port.
#[derive(Clone, Copy, Debug)]
enum Endpoint {
    Address(SocketAddr),
    Any(Port),
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = "expected ADDRESS:PORT, [IPv6]:PORT or *:PORT";
        if let Some(port) = text.strip_prefix("*:") {
            return port.parse().map(Self::Any).map_err(|_| wrong.to_owned());
        }
        let address: SocketAddr = text.parse().map_err(|_| wrong.to_owned())?;
        match address.port() {
            0 => Err("port 0 is not a port to connect to".to_owned()),
            _ => Ok(Self::Address(address)),
        }
    }
}

impl Explain {
    /// The connection to explain, if one is named.
    pub(crate) fn connection(&self) -> Result<Option<Connection>, String> {
        let family = match self.family {
            Some(FamilyArgument::V6) => Some(Family::V6),
            Some(FamilyArgument::V4) => Some(Family::V4),
            None => None,
        };
        let connection = match self.endpoint {
            None => return Ok(None),
            Some(Endpoint::Any(port)) => {
                Connection::new(LocalAddress::Unbound(family.unwrap_or(Family::V4)), port)
            }
            Some(Endpoint::Address(address)) => {
                let connection = Connection::to(address).map_err(|error| error.to_string())?;
                if family.is_some_and(|family| family != connection.family()) {
                    return Err(format!("--family contradicts the address {}", address.ip()));
                }
                connection
            }
        };
        Ok(Some(match &self.sni {
            Some(name) => connection.with_server_name(name.as_str()),
            None => connection,
        }))
    }

    /// The time at which certificates are judged.
    pub(crate) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }
}

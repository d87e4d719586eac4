//! The arguments of `list`: the inputs, and the filters of their bindings.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use certbind_core::{Binding, BindingKey, CertHash, Host, Port};
use certbind_migrate::applications::ApplicationFilter;
use clap::Args;

use super::applications::Applications;
use super::hash::{HashPrefix, is_sha256};
use super::output::Output;
use crate::error::Error;
#[cfg(feature = "etcd")]
use crate::fleet::FleetOptions;
use crate::hive_logs::LogOptions;
use crate::input::Input;
use crate::new_certificate::NewCertificate;

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Exports or stores, one per host; folders, archives, patterns such as 'exports/*.txt', @FILE for a list of
    /// targets, - for standard input. Default: the binding store.
    #[arg(value_name = "TARGET")]
    #[cfg_attr(feature = "etcd", arg(conflicts_with = "fleet"))]
    pub(crate) targets: Vec<Input>,
    /// Only bindings that use this certificate: its hash, the first digits of it, or a PEM, DER or PFX file.
    #[arg(long = "uses", alias = "cert", value_name = "HASH|FILE", value_parser = hash_or_file)]
    cert: Option<String>,
    /// A file with passwords for a PFX file, one per line.
    #[arg(long, value_name = "FILE", requires = "cert")]
    passwords: Option<PathBuf>,
    /// Only bindings of this host name, or of a wildcard that covers it; or of this IP address.
    #[arg(long, value_name = "NAME")]
    host: Option<HostFilter>,
    /// Only bindings of this port.
    #[arg(long)]
    port: Option<Port>,
    /// Add the last-write times of the registry keys of bindings.
    #[arg(long)]
    pub(crate) times: bool,
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    #[cfg(feature = "etcd")]
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    applications: Applications,
}

/// A SHA-256 thumbprint is neither.
fn hash_or_file(text: &str) -> Result<String, String> {
    match text.parse::<HashPrefix>() {
        Err(problem) if is_sha256(text) && !Path::new(text).is_file() => Err(problem),
        _ => Ok(text.to_owned()),
    }
}

/// The host name or the address of `--host`.
#[derive(Clone, Debug)]
enum HostFilter {
    Name(Host),
    Address(IpAddr),
}

/// The bindings to list.
#[derive(Debug)]
pub(crate) struct Filter {
    certificate: Option<HashPrefix>,
    host: Option<HostFilter>,
    port: Option<Port>,
    applications: ApplicationFilter,
}

impl List {
    /// # Errors
    /// If `--uses` is neither a hash nor a certificate file.
    pub(crate) fn filter(&self) -> Result<Filter, Error> {
        let certificate = self.cert.as_ref().map(|text| self.certificate(text));
        Ok(Filter {
            certificate: certificate.transpose()?,
            host: self.host.clone(),
            port: self.port,
            applications: self.applications.filter(),
        })
    }

    /// Forty digits are a hash even if a file has the name; the first digits of one are not.
    fn certificate(&self, text: &str) -> Result<HashPrefix, Error> {
        if let Ok(hash) = text.parse::<CertHash>() {
            return Ok(HashPrefix::Whole(hash));
        }
        let path = Path::new(text);
        match text.parse::<HashPrefix>() {
            Ok(prefix) if !path.is_file() => Ok(prefix),
            _ => {
                let passwords = super::certificate::passwords(self.passwords.as_deref())?;
                let certificate = NewCertificate::of_file(path, &passwords)?;
                Ok(HashPrefix::Whole(*certificate.hash()))
            }
        }
    }
}

impl Filter {
    /// Whether every binding is listed.
    pub(crate) fn is_empty(&self) -> bool {
        self.certificate.is_none()
            && self.host.is_none()
            && self.port.is_none()
            && self.applications.is_empty()
    }

    pub(crate) fn matches(&self, binding: &Binding) -> bool {
        let key = binding.key();
        let certificate = self.certificate.as_ref();
        certificate.is_none_or(|it| binding.record().hash().is_some_and(|hash| it.matches(hash)))
            && self.host.as_ref().is_none_or(|host| host.matches(key))
            && self.port.is_none_or(|port| key.port() == port)
            && self.applications.matches(binding)
    }
}

impl HostFilter {
    fn matches(&self, key: &BindingKey) -> bool {
        match (self, key) {
            (Self::Address(address), BindingKey::IpPort(endpoint)) => {
                endpoint.addr().ip() == *address
            }
            (Self::Name(name), key) => key.host().is_some_and(|host| covers(host, name)),
            (Self::Address(_), _) => false,
        }
    }
}

/// Whether the host of a key is this name, or a wildcard for it: one label longer than its domain. A
/// trailing dot does not matter.
fn covers(host: &Host, name: &Host) -> bool {
    let relative = |name: &str| name.strip_suffix('.').unwrap_or(name).to_owned();
    let (host, name) = (relative(host.as_str()), relative(name.as_str()));
    let domain = host.strip_prefix("*.");
    host == name || (domain.is_some() && name.split_once('.').map(|it| it.1) == domain)
}

impl FromStr for HostFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        if let Ok(address) = address.unwrap_or(text).parse() {
            return Ok(Self::Address(address));
        }
        let name = Host::new(text).map_err(|error| error.to_string())?;
        Ok(Self::Name(name))
    }
}

//! The sockets for the addresses of a host.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use certbind_core::{Binding, BindingKey, Port};
use serde::{Serialize, Serializer};

/// The port that is listened on for each port of a binding.
///
/// ```
/// use certbind_serve::{PortRule, Ports};
///
/// let ports = Ports::new(PortRule::Offset(8000)).with("443".parse()?, 9443);
/// assert_eq!(ports.of("443".parse()?), Some(9443));
/// assert_eq!(ports.of("80".parse()?), Some(8080));
/// assert_eq!(ports.of("60000".parse()?), None);
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    rule: PortRule,
    exceptions: BTreeMap<Port, u16>,
}

/// The rule for ports without a mapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PortRule {
    /// The port of the binding.
    #[default]
    Same,
    /// The port of the binding and this number.
    Offset(u16),
    /// Any free port.
    Free,
}

/// A socket, and the address of the host that it represents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct Endpoint {
    /// An address of the host. Loopback represents every address that no binding names.
    pub address: IpAddr,
    /// A port of the host.
    #[serde(serialize_with = "port_number")]
    pub port: Port,
    /// The socket.
    pub listens_on: SocketAddr,
}

impl Ports {
    /// Ports by a rule.
    #[must_use]
    pub fn new(rule: PortRule) -> Self {
        let exceptions = BTreeMap::new();
        Self { rule, exceptions }
    }

    /// Sets the port to listen on for one port of the bindings; 0 is any free port.
    #[must_use]
    pub fn with(mut self, port: Port, listened: u16) -> Self {
        self.exceptions.insert(port, listened);
        self
    }

    /// The port to listen on for a bound port. 0 means any free port; `None`, that the rule leads to no valid port.
    #[must_use]
    pub fn of(&self, port: Port) -> Option<u16> {
        match (self.exceptions.get(&port), self.rule) {
            (Some(listened), _) => Some(*listened),
            (None, PortRule::Same) => Some(port.get()),
            (None, PortRule::Offset(offset)) => port.get().checked_add(offset),
            (None, PortRule::Free) => Some(0),
        }
    }
}

pub(crate) fn port_number<S: Serializer>(port: &Port, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(port.get())
}

/// The addresses and ports of a host with these bindings: each port at each address that a binding of
/// the port names, and at the loopback addresses.
pub(crate) fn wanted<'a>(bindings: impl Iterator<Item = &'a Binding>) -> BTreeSet<(IpAddr, Port)> {
    let mut wanted = BTreeSet::new();
    for binding in bindings {
        let port = binding.key().port();
        wanted.insert((Ipv4Addr::LOCALHOST.into(), port));
        wanted.insert((Ipv6Addr::LOCALHOST.into(), port));
        if let BindingKey::IpPort(endpoint) = binding.key()
            && !endpoint.ip().is_unspecified()
        {
            wanted.insert((endpoint.ip(), port));
        }
    }
    wanted
}

/// The loopback addresses that represent the addresses of a host.
#[derive(Debug, Default)]
pub(crate) struct Loopback {
    taken: BTreeMap<Ipv4Addr, Ipv4Addr>,
}

impl Loopback {
    /// The address to listen on, and whether it represents this address alone. Linux has 16 million
    /// loopback addresses of IPv4; other systems, and IPv6, have one.
    pub(crate) fn of(&mut self, address: IpAddr) -> (IpAddr, bool) {
        match address {
            _ if address.is_loopback() => (address, true),
            IpAddr::V6(_) => (Ipv6Addr::LOCALHOST.into(), false),
            IpAddr::V4(_) if cfg!(not(target_os = "linux")) => (Ipv4Addr::LOCALHOST.into(), false),
            IpAddr::V4(address) => {
                // 127.1.0.0 and up: hosts use 127.0.0.2 and the like themselves.
                let first = u32::from(Ipv4Addr::new(127, 1, 0, 1));
                let next = u32::try_from(self.taken.len()).unwrap_or(u32::MAX);
                let next = Ipv4Addr::from(first.saturating_add(next));
                ((*self.taken.entry(address).or_insert(next)).into(), true)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use certbind_core::{CertHash, Record, Uuid};

    use super::*;

    #[test]
    fn each_port_is_at_its_addresses_and_at_loopback() {
        let binding = |key: &str| {
            let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
            Binding::new(key.parse().unwrap(), record).unwrap()
        };
        let bindings = ["10.0.0.5:443", "hostnameport=a.example:8443"].map(binding);
        let wanted: Vec<_> = wanted(bindings.iter())
            .into_iter()
            .map(|(ip, port)| format!("{ip} {port}"))
            .collect();
        let expected = [
            "10.0.0.5 443",
            "127.0.0.1 443",
            "127.0.0.1 8443",
            "::1 443",
            "::1 8443",
        ];
        assert_eq!(wanted, expected);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn addresses_keep_a_loopback_address_of_their_own() {
        let mut loopback = Loopback::default();
        let mut of = |ip: &str| loopback.of(ip.parse().unwrap()).0.to_string();
        assert_eq!(of("10.0.0.5"), "127.1.0.1");
        assert_eq!(of("10.0.0.6"), "127.1.0.2");
        assert_eq!(of("10.0.0.5"), "127.1.0.1");
        assert_eq!(of("127.0.0.9"), "127.0.0.9");
        assert_eq!(of("fe80::1"), "::1");
    }
}

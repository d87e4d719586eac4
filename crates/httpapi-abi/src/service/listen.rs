//! Addresses of the IP listen list.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV6};
use std::str::FromStr;

use super::value_error::ServiceValueError;

/// An address that HTTP.sys listens on. `0.0.0.0` and `::` mean all addresses of their version of
/// IP (`netsh http add iplisten`). It has no port; an IPv6 address may have a scope id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenAddress {
    ip: IpAddr,
    scope: u32,
}

impl ListenAddress {
    /// An address; an IPv6 one with its scope id, 0 for none.
    #[must_use]
    pub fn v6(ip: Ipv6Addr, scope: u32) -> Self {
        let ip = IpAddr::V6(ip);
        Self { ip, scope }
    }

    /// The address.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The scope id of an IPv6 address; 0 for none.
    #[must_use]
    pub fn scope(&self) -> u32 {
        self.scope
    }
}

impl From<Ipv4Addr> for ListenAddress {
    fn from(ip: Ipv4Addr) -> Self {
        let ip = IpAddr::V4(ip);
        Self { ip, scope: 0 }
    }
}

/// `10.0.0.1`, `fe80::1`, `fe80::1%4`.
impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope {
            0 => write!(f, "{}", self.ip),
            scope => write!(f, "{}%{scope}", self.ip),
        }
    }
}

/// The printed form; an IPv6 address may be in brackets.
impl FromStr for ListenAddress {
    type Err = ServiceValueError;

    fn from_str(text: &str) -> Result<Self, ServiceValueError> {
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Ok(ip.into());
        }
        let inner = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        let inner = inner.unwrap_or(text);
        // The standard library reads scopes in socket addresses alone.
        match format!("[{inner}]:0").parse::<SocketAddrV6>() {
            Ok(address) => Ok(Self::v6(*address.ip(), address.scope_id())),
            Err(_) => Err(ServiceValueError::new("address", text, "not an IP address")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_round_trip_without_a_port() {
        for text in ["0.0.0.0", "10.0.0.1", "::", "fe80::1", "fe80::1%4"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        let bracketed: ListenAddress = "[::1]".parse().unwrap();
        assert_eq!(bracketed.to_string(), "::1");
        for text in [
            "",
            "localhost",
            "10.0.0.1:80",
            "[::1]:80",
            "::1]",
            "10.0.0.256",
        ] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }
}

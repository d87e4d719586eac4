//! A connection, as far as the choice of a binding depends on it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use certbind_core::Port;

/// A TLS connection of a client to a host.
///
/// ```
/// use certbind_resolve::Connection;
///
/// let connection = Connection::to("10.0.0.5:443".parse()?)?.with_server_name("www.contoso.com");
/// assert_eq!(connection.to_string(), "10.0.0.5:443, www.contoso.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    pub(crate) local: LocalAddress,
    pub(crate) port: Port,
    pub(crate) name: Option<String>,
}

/// The host's end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocalAddress {
    /// One address.
    Address(IpAddr),
    /// Any address of a version of IP that no binding names.
    Unbound(Family),
}

/// A version of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Connection {
    /// A connection to an address and port, without a server name. An IPv4 address that is mapped
    /// into IPv6 is the IPv4 address; an unspecified address means any address of its family that
    /// no binding names.
    ///
    /// # Errors
    /// [`KeyError`](certbind_core::KeyError) for port 0.
    pub fn to(address: SocketAddr) -> Result<Self, certbind_core::KeyError> {
        let port = Port::new(address.port())?;
        let ip = address.ip().to_canonical();
        let local = match ip.is_unspecified() {
            true => LocalAddress::Unbound(Family::of(ip)),
            false => LocalAddress::Address(ip),
        };
        Ok(Self::new(local, port))
    }

    /// A connection to a local address and port, without a server name.
    #[must_use]
    pub fn new(local: LocalAddress, port: Port) -> Self {
        Self {
            local,
            port,
            name: None,
        }
    }

    /// The same connection with a server name (SNI), as the client sends it.
    #[must_use]
    pub fn with_server_name(self, name: impl Into<String>) -> Self {
        let name = Some(name.into());
        Self { name, ..self }
    }

    /// The address on the host that the client connects to.
    #[must_use]
    pub fn local(&self) -> LocalAddress {
        self.local
    }

    /// The port that the client connects to.
    #[must_use]
    pub fn port(&self) -> Port {
        self.port
    }

    /// The server name that the client sends, if any.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The version of IP.
    #[must_use]
    pub fn family(&self) -> Family {
        match self.local {
            LocalAddress::Address(ip) => Family::of(ip),
            LocalAddress::Unbound(family) => family,
        }
    }
}

impl Family {
    /// The version of an address.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

impl fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Self::Address(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Unbound(family) => write!(f, "any other {family} address"),
        }
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.local {
            LocalAddress::Address(_) => write!(f, "{}:{}", self.local, self.port)?,
            LocalAddress::Unbound(_) => write!(f, "{}, port {}", self.local, self.port)?,
        }
        match &self.name {
            Some(name) => write!(f, ", {name}"),
            None => f.write_str(", no server name"),
        }
    }
}

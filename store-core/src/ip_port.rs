//! An IP address with a port: the key of an `ipport` binding.

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::num::NonZeroU16;
use std::str::FromStr;

use crate::key_error::KeyError;
use crate::port::Port;

/// An IP address and a port, written `0.0.0.0:443` or `[2001:db8::1]:443`.
///
/// HTTP.sys applies `0.0.0.0` to every IPv4 and IPv6 address and `[::]` to every IPv6 address
/// (`HTTP_SERVICE_CONFIG_SSL_KEY`); as keys both are ordinary addresses. The flow label of an IPv6
/// address is dropped. Its scope id is kept, since it is unknown whether HTTP.sys distinguishes
/// scopes.
///
/// ```
/// use certbind_core::IpPort;
///
/// let endpoint: IpPort = "[::1]:443".parse()?;
/// assert!(endpoint.ip().is_loopback());
/// assert_eq!(endpoint.port().get(), 443);
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpPort(SocketAddr);

impl IpPort {
    /// Creates the key of an address and port.
    ///
    /// # Errors
    /// [`KeyError::Port`] for port 0.
    pub fn new(addr: SocketAddr) -> Result<Self, KeyError> {
        if addr.port() == 0 {
            return Err(KeyError::Port { text: "0".into() });
        }
        Ok(Self(match addr {
            SocketAddr::V4(_) => addr,
            SocketAddr::V6(v6) => {
                SocketAddr::V6(SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id()))
            }
        }))
    }

    /// The address and port.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.0
    }

    /// The address.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.0.ip()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> Port {
        Port::of_nonzero(NonZeroU16::new(self.0.port()).unwrap_or(NonZeroU16::MIN))
    }
}

impl fmt::Display for IpPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for IpPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for IpPort {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let syntax = || KeyError::Syntax {
            text: text.to_owned(),
            expected: "an IP address and a port, as in 0.0.0.0:443 or [::]:443",
        };
        Self::new(text.parse().map_err(|_| syntax())?)
    }
}

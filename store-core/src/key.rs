//! Keys: what a certificate can be bound to.

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::num::NonZeroU16;
use std::str::FromStr;

use crate::host::{Host, HostPort};

/// What a certificate is bound to. A store holds at most one binding per key.
///
/// Keys are canonical from the moment they are built, so equal endpoints are equal keys. Their
/// order is the canonical order of a scan: by kind, then address or host name, then port.
///
/// The text form is that of netsh's tags; a bare `address:port` is read as an `ipport`.
///
/// ```
/// use certbind_core::BindingKey;
///
/// let key: BindingKey = "hostnameport=WWW.Contoso.com:443".parse()?;
/// assert_eq!(key.to_string(), "hostnameport=www.contoso.com:443");
/// assert_eq!("[::]:443".parse::<BindingKey>()?.to_string(), "ipport=[::]:443");
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BindingKey {
    /// An IP address and port (`HttpServiceConfigSSLCertInfo`).
    IpPort(IpPort),
    /// A host name sent by SNI, and a port (`HttpServiceConfigSslSniCertInfo`, Windows 8).
    Sni(HostPort),
    /// A port whose certificates come from the central certificate store
    /// (`HttpServiceConfigSslCcsCertInfo`, Windows 8).
    Ccs(Port),
    /// A host name and port whose certificate comes from the central certificate store
    /// (`HttpServiceConfigSslScopedCcsCertInfo`, Windows 10).
    ScopedCcs(HostPort),
}

/// The four kinds of key, in canonical order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// See [`BindingKey::IpPort`].
    IpPort,
    /// See [`BindingKey::Sni`].
    Sni,
    /// See [`BindingKey::Ccs`].
    Ccs,
    /// See [`BindingKey::ScopedCcs`].
    ScopedCcs,
}

impl Kind {
    /// All kinds, in canonical order.
    pub const ALL: [Self; 4] = [Self::IpPort, Self::Sni, Self::Ccs, Self::ScopedCcs];

    /// The tag that netsh gives the kind: `ipport`, `hostnameport`, `ccs`, `scopedccs`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::IpPort => "ipport",
            Self::Sni => "hostnameport",
            Self::Ccs => "ccs",
            Self::ScopedCcs => "scopedccs",
        }
    }

    /// Whether records of this kind name a certificate; the others leave it to the central
    /// certificate store.
    #[must_use]
    pub fn names_certificate(self) -> bool {
        matches!(self, Self::IpPort | Self::Sni)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}

impl FromStr for Kind {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.tag().eq_ignore_ascii_case(text))
            .ok_or_else(|| KeyError::Form {
                text: text.to_owned(),
                expected: "ipport, hostnameport, ccs or scopedccs",
            })
    }
}

impl BindingKey {
    /// The kind of the key.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::IpPort(_) => Kind::IpPort,
            Self::Sni(_) => Kind::Sni,
            Self::Ccs(_) => Kind::Ccs,
            Self::ScopedCcs(_) => Kind::ScopedCcs,
        }
    }

    /// The port, which every kind has.
    #[must_use]
    pub fn port(&self) -> Port {
        match self {
            Self::IpPort(endpoint) => endpoint.port(),
            Self::Sni(endpoint) | Self::ScopedCcs(endpoint) => endpoint.port(),
            Self::Ccs(port) => *port,
        }
    }

    /// The host name, where the kind has one.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        match self {
            Self::Sni(endpoint) | Self::ScopedCcs(endpoint) => Some(endpoint.host()),
            Self::IpPort(_) | Self::Ccs(_) => None,
        }
    }

    /// Reads the part of a key's text behind the tag.
    ///
    /// # Errors
    /// [`KeyError`], saying what was expected.
    pub fn parse_as(kind: Kind, value: &str) -> Result<Self, KeyError> {
        Ok(match kind {
            Kind::IpPort => Self::IpPort(value.parse()?),
            Kind::Sni => Self::Sni(value.parse()?),
            Kind::Ccs => Self::Ccs(value.parse()?),
            Kind::ScopedCcs => Self::ScopedCcs(value.parse()?),
        })
    }

    /// The part of the key's text behind the tag, as netsh prints it: `0.0.0.0:443`.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::IpPort(endpoint) => endpoint.to_string(),
            Self::Sni(endpoint) | Self::ScopedCcs(endpoint) => endpoint.to_string(),
            Self::Ccs(port) => port.to_string(),
        }
    }
}

impl fmt::Display for BindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}={}", self.kind(), self.value()))
    }
}

impl fmt::Debug for BindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BindingKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if let Some((tag, value)) = text.split_once('=') {
            return Self::parse_as(tag.parse()?, value);
        }
        text.parse().map(Self::IpPort).map_err(|_| KeyError::Form {
            text: text.to_owned(),
            expected: "ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT, \
                       scopedccs=HOST:PORT or a bare ADDRESS:PORT",
        })
    }
}

/// An IP address and a port, written `0.0.0.0:443` or `[2001:db8::1]:443`.
///
/// `0.0.0.0` covers every IPv4 and IPv6 address and `[::]` every IPv6 address
/// (`HTTP_SERVICE_CONFIG_SSL_KEY`), but as keys both are plain addresses. An IPv6 flow label is
/// dropped; a scope id is kept, since it is not known whether HTTP.sys tells scopes apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpPort(SocketAddr);

impl IpPort {
    /// The key of an address and port.
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
        Port(NonZeroU16::new(self.0.port()).unwrap_or(NonZeroU16::MIN))
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
        let form = || KeyError::Form {
            text: text.to_owned(),
            expected: "an IP address and a port, as in 0.0.0.0:443 or [::]:443",
        };
        Self::new(text.parse().map_err(|_| form())?)
    }
}

/// A TCP port, 1 to 65535.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(NonZeroU16);

impl Port {
    /// The port with this number.
    ///
    /// # Errors
    /// [`KeyError::Port`] for 0.
    pub fn new(number: u16) -> Result<Self, KeyError> {
        NonZeroU16::new(number)
            .map(Self)
            .ok_or_else(|| KeyError::Port {
                text: number.to_string(),
            })
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Port {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // Digits alone: `u16::from_str` would take a plus sign as well.
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(KeyError::Port { text: text.into() });
        }
        match text.parse() {
            Ok(number) => Ok(Self(number)),
            Err(_) => Err(KeyError::Port { text: text.into() }),
        }
    }
}

/// Why a text or a value is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text has another form.
    #[error("{text:?} is not {expected}")]
    Form {
        /// The text.
        text: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// The port is not in 1 to 65535.
    #[error("{text:?} is not a port from 1 to 65535")]
    Port {
        /// The port as it was given.
        text: String,
    },
    /// The host name cannot be one.
    #[error("{host:?} is not a host name: {reason}")]
    Host {
        /// The name as it was given.
        host: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

//! Keys: the endpoints that a certificate can be bound to.

use std::fmt;
use std::str::FromStr;

use crate::host::{Host, HostPort};
use crate::ip_port::IpPort;
use crate::key_error::KeyError;
use crate::kind::Kind;
use crate::port::Port;

/// The endpoint that a certificate is bound to. A store holds at most one binding per key.
///
/// A key is canonical from construction, so equal endpoints are equal keys. The order of keys is
/// the canonical order of a scan: by kind, then by address or host name, then by port.
///
/// The text form is the one that netsh uses in its tags. A bare `address:port` is parsed as an
/// `ipport`.
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
    /// A host name sent by SNI, and a port (`HttpServiceConfigSslSniCertInfo`, since Windows 8).
    Sni(HostPort),
    /// A port whose certificates come from the central certificate store
    /// (`HttpServiceConfigSslCcsCertInfo`, since Windows 8).
    Ccs(Port),
    /// A host name and port whose certificate comes from the central certificate store
    /// (`HttpServiceConfigSslScopedCcsCertInfo`, since Windows 10).
    ScopedCcs(HostPort),
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

    /// The port. Every kind of key has one.
    #[must_use]
    pub fn port(&self) -> Port {
        match self {
            Self::IpPort(endpoint) => endpoint.port(),
            Self::Sni(endpoint) | Self::ScopedCcs(endpoint) => endpoint.port(),
            Self::Ccs(port) => *port,
        }
    }

    /// The host name, if the kind of key has one.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        match self {
            Self::Sni(endpoint) | Self::ScopedCcs(endpoint) => Some(endpoint.host()),
            Self::IpPort(_) | Self::Ccs(_) => None,
        }
    }

    /// Parses the value of a tag: the text after `ipport=`, for example.
    ///
    /// # Errors
    /// [`KeyError`], which names the expected syntax.
    pub fn parse_as(kind: Kind, value: &str) -> Result<Self, KeyError> {
        Ok(match kind {
            Kind::IpPort => Self::IpPort(value.parse()?),
            Kind::Sni => Self::Sni(value.parse()?),
            Kind::Ccs => Self::Ccs(value.parse()?),
            Kind::ScopedCcs => Self::ScopedCcs(value.parse()?),
        })
    }

    /// The key's text without its tag, as netsh prints it: `0.0.0.0:443`.
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
        text.parse()
            .map(Self::IpPort)
            .map_err(|_| KeyError::Syntax {
                text: text.to_owned(),
                expected: "ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT, \
                           scopedccs=HOST:PORT or a bare ADDRESS:PORT",
            })
    }
}

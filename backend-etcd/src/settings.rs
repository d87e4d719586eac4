//! How to connect to etcd.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::runtime::Handle;
use zeroize::Zeroizing;

/// The longest time to wait. The sum of a longer one and the current time may overflow a clock.
pub(crate) const MAX_WAIT: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The settings that an [`EtcdBuilder`](crate::EtcdBuilder) collects.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) endpoints: Vec<String>,
    pub(crate) tls: Option<Tls>,
    pub(crate) user: Option<(String, Zeroizing<String>)>,
    pub(crate) timeout: Duration,
    pub(crate) retry_timeout: Duration,
    pub(crate) max_txn_ops: NonZeroUsize,
    pub(crate) runtime: Option<Handle>,
}

/// Certificates and keys for TLS, as PEM.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Tls {
    pub(crate) ca: Option<Vec<u8>>,
    pub(crate) identity: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    pub(crate) server_name: Option<String>,
}

impl Tls {
    /// TLS with the authorities that the system trusts and without a client certificate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The authorities that sign the servers' certificates, instead of the system's.
    #[must_use]
    pub fn ca(self, pem: impl Into<Vec<u8>>) -> Self {
        let ca = Some(pem.into());
        Self { ca, ..self }
    }

    /// The client certificate, and its key.
    #[must_use]
    pub fn identity(self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let identity = Some((certificate.into(), Zeroizing::new(key.into())));
        Self { identity, ..self }
    }

    /// The name in the servers' certificates, if it differs from the endpoint's.
    #[must_use]
    pub fn server_name(self, name: impl Into<String>) -> Self {
        let server_name = Some(name.into());
        Self {
            server_name,
            ..self
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("ca", &self.ca.is_some())
            .field("identity", &self.identity.is_some())
            .field("server_name", &self.server_name)
            .finish()
    }
}

//! Where etcd is, and how it is spoken to.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

/// Longer than anybody waits. When a longer time has passed, a clock may not know.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Where etcd is, and how it is spoken to.
///
/// ```
/// use std::time::Duration;
/// use certbind_etcd::Options;
///
/// let options = Options::new(["etcd1.contoso.com:2379", "etcd2.contoso.com:2379"])
///     .user("certbind", "secret")
///     .timeout(Duration::from_secs(2));
/// assert!(!format!("{options:?}").contains("secret"));
/// ```
#[derive(Clone)]
pub struct Options {
    pub(crate) endpoints: Vec<String>,
    pub(crate) tls: Option<Tls>,
    pub(crate) user: Option<(String, String)>,
    pub(crate) timeout: Duration,
    pub(crate) patience: Duration,
    pub(crate) max_txn_ops: NonZeroUsize,
}

impl Options {
    /// The members of the cluster, each as `HOST:PORT`: without TLS and user, a
    /// [`timeout`](Self::timeout) of 5 s, a [`patience`](Self::patience) of 30 s, and
    /// [`max_txn_ops`](Self::max_txn_ops) as etcd has it.
    #[must_use]
    pub fn new(endpoints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            tls: None,
            user: None,
            timeout: Duration::from_secs(5),
            patience: Duration::from_secs(30),
            max_txn_ops: NonZeroUsize::new(128).expect("128 is not 0"),
        }
    }

    /// Speaks TLS, and to nobody who cannot prove who he is.
    #[must_use]
    pub fn tls(self, tls: Tls) -> Self {
        let tls = Some(tls);
        Self { tls, ..self }
    }

    /// The user of etcd's role-based access control.
    #[must_use]
    pub fn user(self, name: impl Into<String>, password: impl Into<String>) -> Self {
        let user = Some((name.into(), password.into()));
        Self { user, ..self }
    }

    /// How long one member has to answer before another is asked.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        let timeout = timeout.min(LONGEST);
        Self { timeout, ..self }
    }

    /// How long members are asked, one after the other, before an operation fails.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        let patience = patience.min(LONGEST);
        Self { patience, ..self }
    }

    /// The servers' `--max-txn-ops`: the most operations of one transaction. A batch takes one for
    /// each change and one for the host's head.
    #[must_use]
    pub fn max_txn_ops(self, most: NonZeroUsize) -> Self {
        let max_txn_ops = most;
        Self {
            max_txn_ops,
            ..self
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.as_ref().map(|(name, _)| name);
        f.debug_struct("Options")
            .field("endpoints", &self.endpoints)
            .field("tls", &self.tls)
            .field("user", &user)
            .field("timeout", &self.timeout)
            .field("patience", &self.patience)
            .field("max_txn_ops", &self.max_txn_ops)
            .finish()
    }
}

/// Whom to trust, and who one is: certificates and keys as PEM.
#[derive(Clone, Default)]
pub struct Tls {
    /// The authorities that servers' certificates are signed by. None: those that the system trusts.
    pub ca: Option<Vec<u8>>,
    /// The certificate and the key that one shows to a server which asks for them.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The name that servers' certificates are for, where it is not the one they are reached by.
    pub server_name: Option<String>,
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

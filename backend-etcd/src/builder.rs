//! [`EtcdBuilder`]: where etcd is, and how to connect to it.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use certbind_core::Result;
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::fleet::Fleet;
use crate::host::HostName;
use crate::settings::{MAX_WAIT, Settings, Tls};
use crate::store::EtcdStore;

/// Opens a store or a fleet in etcd. [`EtcdStore::builder`] makes one.
///
/// ```no_run
/// use std::time::Duration;
/// use certbind_etcd::EtcdStore;
///
/// let etcd = EtcdStore::builder(["etcd1.contoso.com:2379", "etcd2.contoso.com:2379"])
///     .user("certbind", "secret")
///     .timeout(Duration::from_secs(2));
/// assert!(!format!("{etcd:?}").contains("secret"));
/// let store = etcd.open(&"web01".parse()?)?;
/// let fleet = etcd.open_fleet()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it opens a store or a fleet"]
pub struct EtcdBuilder {
    settings: Settings,
}

impl EtcdStore {
    /// Opens stores in the cluster with these endpoints, each as `HOST:PORT`.
    pub fn builder(endpoints: impl IntoIterator<Item = impl Into<String>>) -> EtcdBuilder {
        EtcdBuilder {
            settings: Settings {
                endpoints: endpoints.into_iter().map(Into::into).collect(),
                tls: None,
                user: None,
                timeout: Duration::from_secs(5),
                retry_timeout: Duration::from_secs(30),
                max_txn_ops: NonZeroUsize::new(128).expect("128 is not 0"),
                runtime: None,
            },
        }
    }
}

impl EtcdBuilder {
    /// Connects by TLS, and verifies the servers' certificates. Without it the connection is not
    /// encrypted.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.settings.tls = Some(tls);
        self
    }

    /// The user of etcd's role-based access control, and its password.
    ///
    /// The password is sent to the server that answers: use [`tls`](Self::tls) as well.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.settings.user = Some((name.into(), Zeroizing::new(password.into())));
        self
    }

    /// The same with a password whose other copies are overwritten when they are dropped.
    pub(crate) fn user_with_password(mut self, name: String, password: Zeroizing<String>) -> Self {
        self.settings.user = Some((name, password));
        self
    }

    /// How long one endpoint may take to answer before the next one is tried: 5 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout.min(MAX_WAIT);
        self
    }

    /// How long an operation tries endpoints, one after the other, before it fails: 30 s by
    /// default.
    pub fn retry_timeout(mut self, retry_timeout: Duration) -> Self {
        self.settings.retry_timeout = retry_timeout.min(MAX_WAIT);
        self
    }

    /// The servers' `--max-txn-ops`, the maximum number of operations in a transaction: 128 by
    /// default, as in etcd. A batch needs one for each change and one for the host record.
    pub fn max_txn_ops(mut self, max_txn_ops: NonZeroUsize) -> Self {
        self.settings.max_txn_ops = max_txn_ops;
        self
    }

    /// Drives the connections on this runtime, which must be a multi-thread one with I/O and time
    /// enabled. Without it the store starts a runtime with one thread of its own.
    ///
    /// The store's methods still block. They may be called from the runtime's own tasks (but not
    /// from a `LocalSet`): the runtime then moves its other tasks to another thread.
    ///
    /// ```no_run
    /// use certbind_core::{BindingStore, Scan};
    /// use certbind_etcd::EtcdStore;
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let store = EtcdStore::builder(["etcd1.contoso.com:2379"])
    ///         .runtime(tokio::runtime::Handle::current())
    ///         .open(&"web01".parse()?)?;
    ///     let count = tokio::task::spawn_blocking(move || {
    ///         store.scan(&Scan::all()).map(Iterator::count)
    ///     });
    ///     println!("{} bindings", count.await??);
    ///     Ok(())
    /// }
    /// ```
    pub fn runtime(mut self, handle: Handle) -> Self {
        self.settings.runtime = Some(handle);
        self
    }

    /// Opens the store of `host`. It need not exist: the first batch creates it. Nothing is sent to
    /// etcd yet.
    ///
    /// # Errors
    /// [`StoreError::Invalid`](certbind_core::StoreError::Invalid) for an invalid endpoint,
    /// certificate or runtime.
    pub fn open(&self, host: &HostName) -> Result<EtcdStore> {
        Ok(EtcdStore::new(Arc::new(Client::new(&self.settings)?), host))
    }

    /// Opens all hosts of the cluster. Nothing is sent to etcd yet.
    ///
    /// # Errors
    /// [`StoreError::Invalid`](certbind_core::StoreError::Invalid) for an invalid endpoint,
    /// certificate or runtime.
    pub fn open_fleet(&self) -> Result<Fleet> {
        Ok(Fleet::new(Arc::new(Client::new(&self.settings)?)))
    }
}

impl fmt::Debug for EtcdBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.settings;
        let user = settings.user.as_ref().map(|(name, _)| name);
        f.debug_struct("EtcdBuilder")
            .field("endpoints", &settings.endpoints)
            .field("tls", &settings.tls)
            .field("user", &user)
            .field("timeout", &settings.timeout)
            .field("retry_timeout", &settings.retry_timeout)
            .field("max_txn_ops", &settings.max_txn_ops)
            .finish_non_exhaustive()
    }
}

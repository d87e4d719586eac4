//! [`EtcdStore`]: the bindings of one host.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Result, Scan,
    StoreError,
};

use crate::apply;
use crate::client::Client;
use crate::host::HostName;
use crate::rpc::RangeRequest;
use crate::scan::Pages;
use crate::session::Session;
use crate::watch::Watch;

/// The bindings of one host in etcd. [`EtcdStore::builder`] opens one.
///
/// Any number of processes may open it at the same time. Batches of one host are applied one after
/// the other. A process that is the host's only writer needs one round trip for a batch whose
/// preconditions are all [`Absent`](certbind_core::Precondition::Absent) or
/// [`Exactly`](certbind_core::Precondition::Exactly), and two for any other.
pub struct EtcdStore {
    session: Session,
    /// The last known revision of the host record, locked while a batch is applied.
    turn: Mutex<Option<i64>>,
}

impl EtcdStore {
    pub(crate) fn new(client: Arc<Client>, host: &HostName) -> Self {
        Self {
            session: Session::new(client, host),
            turn: Mutex::new(None),
        }
    }

    /// The revision of etcd in which this host was last changed; `None` if it has no record.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if no endpoint answers; [`StoreError::Corrupt`] for a damaged host
    /// record.
    pub fn revision(&self) -> Result<Option<u64>> {
        let record = self.session.record_at(0);
        let record = record.map_err(|error| self.session.failed("reading", &error))??;
        Ok(u64::try_from(record.revision).ok().filter(|at| *at > 0))
    }

    /// The current revision of the whole cluster.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if no endpoint answers.
    pub fn cluster_revision(&self) -> Result<u64> {
        let answer = self.session.read(&RangeRequest {
            key: self.session.keys.record(),
            ..RangeRequest::default()
        })?;
        let revision = answer.header.map_or(0, |header| header.revision);
        Ok(u64::try_from(revision).unwrap_or_default())
    }

    /// The batches that are applied to this host after a revision of etcd.
    ///
    /// To read the store and then watch it without a gap, get the
    /// [`cluster_revision`](Self::cluster_revision) before reading, and watch from there.
    #[must_use]
    pub fn watch(&self, after: u64) -> Watch {
        Watch::host(Arc::clone(&self.session.client), &self.session.keys, after)
    }
}

impl BindingStore for EtcdStore {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full();
        capabilities.max_batch = self.session.max_batch().try_into().ok();
        capabilities
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        let answer = self.session.read(&RangeRequest {
            key: self.session.keys.key(key),
            ..RangeRequest::default()
        })?;
        let found = answer.kvs.first();
        found
            .map(|found| self.session.keys.binding(found))
            .transpose()
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        Ok(Bindings::new(Pages::begin(&self.session, scan)?))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        if batch.is_empty() {
            return Ok(Applied::default());
        }
        let max_batch = self.session.max_batch();
        if batch.len() > max_batch {
            return Err(StoreError::Unsupported {
                what: format!(
                    "a batch of {} changes (at most {max_batch}: a transaction of etcd has at most \
                     {} operations, unless --max-txn-ops is raised)",
                    batch.len(),
                    self.session.client.max_txn_ops,
                )
                .into(),
            });
        }
        self.session.client.block(|| {
            // Concurrent batches of one store would only make each other retry.
            let mut known = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            apply::apply(&self.session, batch, &mut known)
        })
    }
}

impl fmt::Debug for EtcdStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EtcdStore")
            .field(&self.session.name())
            .finish()
    }
}

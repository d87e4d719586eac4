//! One host's store.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Result, Scan,
    StoreError,
};

use crate::apply;
use crate::client::{Client, Failure};
use crate::errors;
use crate::host::HostName;
use crate::layout::{Head, Place};
use crate::options::Options;
use crate::rpc::{Method, RangeRequest};
use crate::scan::Pages;
use crate::watch::Watch;

/// The bindings of one host in etcd.
///
/// It may be opened by any number of processes at the same time. Batches of one host take turns; a
/// process that writes alone needs one round trip for a batch of
/// [`Absent`](certbind_core::Precondition::Absent) and [`Exactly`](certbind_core::Precondition::Exactly), and two for
/// others.
pub struct EtcdStore {
    pub(crate) client: Arc<Client>,
    pub(crate) place: Place,
    /// The revision of the head that this store saw last, held by the one that applies a batch.
    pub(crate) turn: Mutex<Option<i64>>,
}

impl EtcdStore {
    /// The store of `host`. It need not be there: the first batch makes it.
    ///
    /// Nothing is asked of etcd yet.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for members or certificates that are none.
    pub fn open(options: &Options, host: &HostName) -> Result<Self> {
        Ok(Self::of(Arc::new(Client::new(options)?), host))
    }

    pub(crate) fn of(client: Arc<Client>, host: &HostName) -> Self {
        Self {
            client,
            place: Place::of(host),
            turn: Mutex::new(None),
        }
    }

    /// The revision of etcd in which this host was last changed; `None` if it never was.
    ///
    /// # Errors
    /// Whatever keeps etcd from answering.
    pub fn revision(&self) -> Result<Option<u64>> {
        let head = self.head_at(0)?;
        Ok(u64::try_from(head.revision).ok().filter(|at| *at > 0))
    }

    /// The revision of the whole cluster now.
    ///
    /// # Errors
    /// Whatever keeps etcd from answering.
    pub fn cluster_revision(&self) -> Result<u64> {
        let answer = self.read(&RangeRequest {
            key: self.place.head(),
            ..RangeRequest::default()
        })?;
        let revision = answer.header.map_or(0, |header| header.revision);
        Ok(u64::try_from(revision).unwrap_or_default())
    }

    /// The batches that are applied to this host after a revision of etcd. Who reads the store and
    /// then watches it asks for the [`cluster_revision`](Self::cluster_revision) before, and misses
    /// nothing.
    #[must_use]
    pub fn watch(&self, after: u64) -> Watch {
        Watch::host(Arc::clone(&self.client), &self.place, after)
    }

    /// The host's head at a revision; 0: now.
    fn head_at(&self, revision: i64) -> Result<Head> {
        self.past_head(revision)
            .map_err(|failure| self.failed("read", &failure))?
    }

    pub(crate) fn past_head(&self, revision: i64) -> Result<Result<Head>, Failure> {
        let answer = self.client.read(&RangeRequest {
            key: self.place.head(),
            revision,
            ..RangeRequest::default()
        })?;
        Ok(Head::read(answer.kvs.first()))
    }

    pub(crate) fn read<M: Method>(&self, request: &M) -> Result<M::Answer> {
        let answer = self.client.read(request);
        answer.map_err(|failure| self.failed("read", &failure))
    }

    pub(crate) fn failed(&self, action: &str, failure: &Failure) -> StoreError {
        let action = format!("{action} {}", self.place.prefix());
        errors::failed(&action, &self.client.name(), failure.status())
    }

    /// The store, for people.
    pub(crate) fn name(&self) -> String {
        format!("{} at etcd {}", self.place.prefix(), self.client.name())
    }

    /// The most changes of a batch: one operation is the head's.
    pub(crate) fn max_batch(&self) -> usize {
        self.client.max_txn_ops.saturating_sub(1).max(1)
    }
}

impl BindingStore for EtcdStore {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full();
        capabilities.max_batch = self.max_batch().try_into().ok();
        capabilities
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        let answer = self.read(&RangeRequest {
            key: self.place.key(key),
            ..RangeRequest::default()
        })?;
        let found = answer.kvs.first();
        found.map(|found| self.place.binding(found)).transpose()
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        Ok(Bindings::new(Pages::begin(self, scan)?))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        if batch.is_empty() {
            return Ok(Applied::default());
        }
        if batch.len() > self.max_batch() {
            return Err(StoreError::Unsupported {
                what: format!(
                    "a batch of {} changes (at most {}: etcd takes {} operations in a transaction, \
                     unless --max-txn-ops says otherwise)",
                    batch.len(),
                    self.max_batch(),
                    self.client.max_txn_ops,
                )
                .into(),
            });
        }
        // Batches of one store would only refuse each other.
        let mut known = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        apply::apply(self, batch, &mut known)
    }
}

impl fmt::Debug for EtcdStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EtcdStore").field(&self.name()).finish()
    }
}

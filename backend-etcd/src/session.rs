//! The access to one host's keys, which reading, scanning and writing share.

use std::sync::Arc;

use certbind_core::{Result, StoreError};

use crate::client::{CallError, Client};
use crate::errors;
use crate::host::HostName;
use crate::rpc::{Method, RangeRequest};
use crate::schema::{HostKeys, HostRecord};

/// A cluster's client and the keys of one host.
pub(crate) struct Session {
    pub(crate) client: Arc<Client>,
    pub(crate) keys: HostKeys,
}

impl Session {
    pub(crate) fn new(client: Arc<Client>, host: &HostName) -> Self {
        Self {
            client,
            keys: HostKeys::of(host),
        }
    }

    /// The host, for messages.
    pub(crate) fn name(&self) -> String {
        format!("{} at etcd {}", self.keys.prefix(), self.client.name())
    }

    /// The answer to a request that changes nothing.
    pub(crate) fn read<M: Method>(&self, request: &M) -> Result<M::Answer> {
        let answer = self.client.read(request);
        answer.map_err(|error| self.failed("reading", &error))
    }

    /// The host record at a revision; 0: now.
    pub(crate) fn record_at(&self, revision: i64) -> Result<Result<HostRecord>, CallError> {
        let answer = self.client.read(&RangeRequest {
            key: self.keys.record(),
            revision,
            ..RangeRequest::default()
        })?;
        Ok(HostRecord::read(answer.kvs.first()))
    }

    pub(crate) fn failed(&self, action: &str, error: &CallError) -> StoreError {
        let action = format!("{action} {}", self.keys.prefix());
        errors::failed(&action, &self.client.name(), error.status())
    }

    /// The most changes of a batch: one operation writes the host record.
    pub(crate) fn max_batch(&self) -> usize {
        self.client.max_txn_ops.saturating_sub(1).max(1)
    }
}

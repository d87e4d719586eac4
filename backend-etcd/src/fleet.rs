//! All hosts of a cluster.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder};

use certbind_core::{Result, StoreError};

use crate::client::{Client, Failure};
use crate::errors;
use crate::host::HostName;
use crate::layout::{self, HEADS};
use crate::options::Options;
use crate::rpc::{RangeRequest, RangeResponse};
use crate::store::EtcdStore;
use crate::watch::Watch;

/// How many hosts a page has.
const PAGE: i64 = 10_000;

/// The hosts that are kept in one etcd cluster. Their stores share its connections.
///
/// ```no_run
/// use certbind_etcd::{Fleet, Options};
/// use certbind_core::{BindingStore, Scan, StoreError};
///
/// let fleet = Fleet::open(&Options::new(["etcd1.contoso.com:2379"]))?;
/// let hosts = fleet.hosts()?;
/// let at_once = 16.try_into()?;
/// let counts = fleet.visit(&hosts, at_once, |_, store| {
///     Ok::<_, StoreError>(store.scan(&Scan::all())?.count())
/// });
/// for (host, count) in hosts.iter().zip(counts) {
///     println!("{host}: {}", count?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Fleet {
    client: Arc<Client>,
}

impl Fleet {
    /// The fleet of a cluster. Nothing is asked of etcd yet.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for members or certificates that are none.
    pub fn open(options: &Options) -> Result<Self> {
        Ok(Self {
            client: Arc::new(Client::new(options)?),
        })
    }

    /// The hosts that have ever been written to, in order, at one instant.
    ///
    /// # Errors
    /// Whatever keeps etcd from answering; [`StoreError::Corrupt`] for a name that is none.
    pub fn hosts(&self) -> Result<Vec<HostName>> {
        let mut hosts = Vec::new();
        let mut request = RangeRequest {
            key: HEADS.into(),
            range_end: layout::prefix_end(HEADS.as_bytes()),
            limit: PAGE,
            keys_only: true,
            ..RangeRequest::default()
        };
        loop {
            let answer = self.range(&request)?;
            for found in &answer.kvs {
                hosts.push(layout::host_of_head(&found.key)?);
            }
            let (true, Some(last)) = (answer.more, answer.kvs.last()) else {
                return Ok(hosts);
            };
            request.key = [last.key.as_slice(), &[0]].concat();
            if request.revision == 0 {
                request.revision = answer.header.map_or(0, |header| header.revision);
            }
        }
    }

    /// The store of one host. It need not be there: its first batch makes it.
    #[must_use]
    pub fn host(&self, host: &HostName) -> EtcdStore {
        EtcdStore::of(Arc::clone(&self.client), host)
    }

    /// What `visit` gives for each of these hosts, in their order. At most `at_once` are visited at
    /// a time, each by a thread, and fewer where the system gives no more threads.
    ///
    /// # Panics
    /// If `visit` does.
    pub fn visit<T: Send>(
        &self,
        hosts: &[HostName],
        at_once: NonZeroUsize,
        visit: impl Fn(&HostName, &EtcdStore) -> T + Sync,
    ) -> Vec<T> {
        let next = AtomicUsize::new(0);
        let given = Mutex::new(Vec::with_capacity(hosts.len()));
        let visitor = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(host) = hosts.get(at) else {
                    return;
                };
                let gift = visit(host, &self.host(host));
                let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
                given.push((at, gift));
            }
        };
        thread::scope(|scope| {
            // This thread visits as well: one is there also where the system gives no other.
            for _ in 1..at_once.get().min(hosts.len()) {
                if Builder::new().spawn_scoped(scope, visitor).is_err() {
                    break;
                }
            }
            visitor();
        });
        let mut given = given.into_inner().unwrap_or_else(PoisonError::into_inner);
        given.sort_unstable_by_key(|(at, _)| *at);
        given.into_iter().map(|(_, gift)| gift).collect()
    }

    /// The cluster's revision now.
    ///
    /// # Errors
    /// Whatever keeps etcd from answering.
    pub fn revision(&self) -> Result<u64> {
        let answer = self.range(&RangeRequest {
            key: HEADS.into(),
            ..RangeRequest::default()
        })?;
        let revision = answer.header.map_or(0, |header| header.revision);
        Ok(u64::try_from(revision).unwrap_or_default())
    }

    /// The batches that are applied after this revision, to any host. Who scans the fleet and then
    /// watches it asks for the [`revision`](Self::revision) before the scan, and misses nothing.
    #[must_use]
    pub fn watch(&self, after: u64) -> Watch {
        Watch::fleet(Arc::clone(&self.client), after)
    }

    fn range(&self, request: &RangeRequest) -> Result<RangeResponse> {
        self.client.read(request).map_err(|failure: Failure| {
            let name = self.client.name();
            if errors::is_compacted(failure.status()) {
                return StoreError::Unstable { attempts: 1 };
            }
            errors::failed("list the hosts", &name, failure.status())
        })
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fleet").field(&self.client.name()).finish()
    }
}

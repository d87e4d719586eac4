//! [`Fleet`]: all hosts of a cluster.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder};

use certbind_core::{Result, StoreError};

use crate::client::{CallError, Client};
use crate::errors;
use crate::host::HostName;
use crate::rpc::{RangeRequest, RangeResponse};
use crate::schema::{self, RECORDS};
use crate::store::EtcdStore;
use crate::watch::Watch;

/// How many hosts a page has.
const PAGE: i64 = 10_000;

/// All hosts of one etcd cluster. Their stores share its connections.
///
/// ```no_run
/// use certbind_core::{BindingStore, Scan, StoreError};
/// use certbind_etcd::EtcdStore;
///
/// let fleet = EtcdStore::builder(["etcd1.contoso.com:2379"]).open_fleet()?;
/// let list = fleet.hosts()?;
/// for error in &list.skipped {
///     eprintln!("skipped: {error}");
/// }
/// let counts = fleet.visit(&list.hosts, 16.try_into()?, |_, store| {
///     Ok::<_, StoreError>(store.scan(&Scan::all())?.count())
/// });
/// for (host, count) in list.hosts.iter().zip(counts) {
///     println!("{host}: {}", count?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Fleet {
    client: Arc<Client>,
}

/// The hosts of a fleet.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct HostList {
    /// Every host that has ever been written to, in the order of their names.
    pub hosts: Vec<HostName>,
    /// An error for each host record whose name is not that of a host.
    pub skipped: Vec<StoreError>,
}

impl Fleet {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    /// All hosts, read in one revision.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if no endpoint answers.
    pub fn hosts(&self) -> Result<HostList> {
        let mut list = HostList::default();
        let mut request = RangeRequest {
            key: RECORDS.into(),
            range_end: schema::prefix_end(RECORDS.as_bytes()),
            limit: PAGE,
            keys_only: true,
            ..RangeRequest::default()
        };
        loop {
            let answer = self.range(&request)?;
            for found in &answer.kvs {
                match schema::host_of_record(&found.key) {
                    Ok(host) => list.hosts.push(host),
                    Err(error) => list.skipped.push(error),
                }
            }
            let (true, Some(last)) = (answer.more, answer.kvs.last()) else {
                return Ok(list);
            };
            request.key = [last.key.as_slice(), &[0]].concat();
            if request.revision == 0 {
                request.revision = answer.header.map_or(0, |header| header.revision);
            }
        }
    }

    /// The store of one host. It need not exist: its first batch creates it.
    #[must_use]
    pub fn host(&self, host: &HostName) -> EtcdStore {
        EtcdStore::new(Arc::clone(&self.client), host)
    }

    /// The results of `visit` for each of these hosts, in their order. At most `jobs` hosts are visited
    /// in parallel, each by a thread, and fewer if the system refuses more threads.
    ///
    /// # Panics
    /// If `visit` panics.
    pub fn visit<T: Send>(
        &self,
        hosts: &[HostName],
        jobs: NonZeroUsize,
        visit: impl Fn(&HostName, &EtcdStore) -> T + Sync,
    ) -> Vec<T> {
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::with_capacity(hosts.len()));
        let visitor = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(host) = hosts.get(at) else {
                    return;
                };
                let result = visit(host, &self.host(host));
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.push((at, result));
            }
        };
        thread::scope(|scope| {
            // This thread visits as well, so that there is one even if the system refuses any other.
            for _ in 1..jobs.get().min(hosts.len()) {
                if Builder::new().spawn_scoped(scope, visitor).is_err() {
                    break;
                }
            }
            visitor();
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_unstable_by_key(|(at, _)| *at);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// The current revision of the cluster.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if no endpoint answers.
    pub fn revision(&self) -> Result<u64> {
        let answer = self.range(&RangeRequest {
            key: RECORDS.into(),
            ..RangeRequest::default()
        })?;
        let revision = answer.header.map_or(0, |header| header.revision);
        Ok(u64::try_from(revision).unwrap_or_default())
    }

    /// The batches that are applied to any host after this revision.
    ///
    /// To read the fleet and then watch it without a gap, get the [`revision`](Self::revision) before
    /// reading, and watch from there.
    #[must_use]
    pub fn watch(&self, after: u64) -> Watch {
        Watch::fleet(Arc::clone(&self.client), after)
    }

    fn range(&self, request: &RangeRequest) -> Result<RangeResponse> {
        self.client.read(request).map_err(|error: CallError| {
            if errors::is_compacted(error.status()) {
                return StoreError::Unstable { attempts: 1 };
            }
            errors::failed("listing the hosts", &self.client.name(), error.status())
        })
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fleet").field(&self.client.name()).finish()
    }
}

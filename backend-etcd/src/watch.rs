//! What changes in a fleet, batch by batch.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use certbind_core::{Binding, BindingKey, Result, StoreError};
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tonic::{Status, Streaming};

use crate::client::{Client, Failure};
use crate::errors;
use crate::host::HostName;
use crate::layout::{self, HEADS, Place, ROOT};
use crate::options::LONGEST;
use crate::rpc::{
    Event, EventType, WATCH, WatchCreateRequest, WatchRequest, WatchRequestUnion, WatchResponse,
};

/// The pause before another member is asked.
const PAUSE: Duration = Duration::from_millis(100);

/// What one batch changed of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The revision of the batch. Who goes on after it misses nothing and sees nothing twice.
    pub revision: u64,
    /// The host.
    pub host: HostName,
    /// The keys, in the order in which they were written, and what they hold since.
    pub changes: Vec<(BindingKey, Option<Binding>)>,
}

/// The batches that are applied to a fleet or to one host, in the order of their revisions, each
/// once. A connection that breaks is made anew, and the watch goes on where it was.
pub struct Watch {
    client: Arc<Client>,
    /// What the keys begin with that are watched.
    prefix: Vec<u8>,
    /// The revision after which nothing was given yet.
    after: i64,
    stream: Option<(usize, Streaming<WatchResponse>)>,
    ready: VecDeque<Result<Changed>>,
}

impl Watch {
    /// Of all hosts.
    pub(crate) fn fleet(client: Arc<Client>, after: u64) -> Self {
        Self::new(client, ROOT, after)
    }

    /// Of one host. Who may read that host alone may watch it.
    pub(crate) fn host(client: Arc<Client>, place: &Place, after: u64) -> Self {
        Self::new(client, place.prefix(), after)
    }

    fn new(client: Arc<Client>, prefix: &str, after: u64) -> Self {
        Self {
            client,
            prefix: prefix.into(),
            after: i64::try_from(after).unwrap_or(i64::MAX - 1),
            stream: None,
            ready: VecDeque::new(),
        }
    }

    /// The next batch; `None` if there is none in this time, also where that is since nobody
    /// answers. Where a connection has to be made it may take one
    /// [`timeout`](crate::Options::timeout) longer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if etcd has forgotten (compacted) what followed the revision that
    /// was asked for: scan the fleet, and watch from there. [`StoreError::Corrupt`] for a binding
    /// that cannot be read; the next call goes on behind its batch. Whatever else etcd refuses.
    pub fn next(&mut self, within: Duration) -> Result<Option<Changed>> {
        let until = Instant::now() + within.min(LONGEST);
        loop {
            if let Some(next) = self.ready.pop_front() {
                return next.map(Some);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let (at, mut stream) = match self.stream.take() {
                Some(stream) => stream,
                None => match self.open() {
                    Ok(stream) => stream,
                    Err(Failure::Lost(_)) => {
                        std::thread::sleep(PAUSE.min(left));
                        continue;
                    }
                    Err(Failure::Refused(status)) => return Err(self.failed(&status)),
                },
            };
            let waited = self.client.wait(async move {
                // A message that has half arrived stays in the stream.
                let message = timeout(left, stream.message()).await;
                (stream, message)
            });
            match waited {
                Ok((stream, Err(_))) => self.stream = Some((at, stream)),
                Ok((stream, Ok(Ok(Some(response))))) => {
                    self.take(response)?;
                    self.stream = Some((at, stream));
                }
                Ok((_, Ok(Ok(None)))) => self.client.members().leave(at),
                Ok((_, Ok(Err(status)))) | Err(status) => {
                    self.client.members().leave(at);
                    if let Failure::Refused(status) = Failure::of(status) {
                        return Err(self.failed(&status));
                    }
                }
            }
        }
    }

    fn open(&self) -> Result<(usize, Streaming<WatchResponse>), Failure> {
        let create = WatchCreateRequest {
            key: self.prefix.clone(),
            range_end: layout::prefix_end(&self.prefix),
            start_revision: self.after + 1,
            progress_notify: true,
        };
        let request = WatchRequest {
            request_union: Some(WatchRequestUnion::Create(create)),
        };
        // etcd ends a watch whose requests end.
        let requests = tokio_stream::once(request).chain(tokio_stream::pending());
        let members = Arc::clone(self.client.members());
        let opened = self
            .client
            .wait(async move { members.stream(WATCH, requests).await });
        let (at, stream) = opened.map_err(Failure::Lost)?;
        stream.map(|stream| (at, stream)).map_err(|status| {
            let token = errors::is_of_token(&status);
            match Failure::of(status) {
                // The next token is a new one.
                Failure::Refused(status) if token => Failure::Lost(status),
                Failure::Lost(status) => {
                    self.client.members().leave(at);
                    Failure::Lost(status)
                }
                refused => refused,
            }
        })
    }

    fn take(&mut self, response: WatchResponse) -> Result<()> {
        if response.canceled {
            let reason = match response.compact_revision {
                0 => response.cancel_reason,
                kept => format!(
                    "etcd has forgotten what followed revision {} (it knows what followed {kept}); \
                     scan the fleet, and watch from there",
                    self.after
                ),
            };
            return Err(StoreError::unavailable(reason));
        }
        // Said now and then where nothing happens: that nothing was missed up to here.
        if !response.created && response.events.is_empty() {
            let now = response.header.map_or(0, |header| header.revision);
            self.after = self.after.max(now);
        }
        let mut events = response.events.into_iter().peekable();
        while let Some(first) = events.next() {
            let revision = revision_of(&first);
            let mut batch = vec![first];
            while let Some(event) = events.next_if(|event| revision_of(event) == revision) {
                batch.push(event);
            }
            self.after = self.after.max(revision);
            self.ready.extend(changed(revision, &batch).transpose());
        }
        Ok(())
    }

    fn failed(&self, status: &Status) -> StoreError {
        errors::failed("watch the hosts", &self.client.name(), status)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

fn revision_of(event: &Event) -> i64 {
    event.kv.as_ref().map_or(0, |kv| kv.mod_revision)
}

/// What the events of one revision say. None: nothing of a host's bindings.
fn changed(revision: i64, events: &[Event]) -> Result<Option<Changed>> {
    let mut changed: Option<Changed> = None;
    for event in events {
        let Some(kv) = &event.kv else {
            continue;
        };
        if kv.key.starts_with(HEADS.as_bytes()) {
            continue;
        }
        let host = layout::host_of(&kv.key)?;
        let place = Place::of(&host);
        let change = match event.kind == i32::from(EventType::Delete) {
            true => (place.binding_key(&kv.key)?, None),
            false => {
                let binding = place.binding(kv)?;
                (binding.key().clone(), Some(binding))
            }
        };
        let changed = changed.get_or_insert_with(|| Changed {
            revision: u64::try_from(revision).unwrap_or_default(),
            host,
            changes: Vec::new(),
        });
        changed.changes.push(change);
    }
    Ok(changed)
}

//! [`Watch`]: the changes of a fleet, batch by batch.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use certbind_core::{Binding, BindingKey, Result, StoreError};
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tonic::{Status, Streaming};

use crate::client::{CallError, Client};
use crate::errors;
use crate::events;
use crate::host::HostName;
use crate::rpc::{
    Event, EventType, WATCH, WatchCreateRequest, WatchRequest, WatchRequestUnion, WatchResponse,
};
use crate::schema::{self, HostKeys, RECORDS, ROOT};
use crate::settings::MAX_WAIT;

/// The pause before another endpoint is tried.
const PAUSE: Duration = Duration::from_millis(100);

/// The changes that one batch made to one host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostChange {
    /// The revision of the batch. A watch after this revision neither misses nor repeats a change.
    pub revision: u64,
    /// The host.
    pub host: HostName,
    /// The keys in the order in which they were written, and their new values.
    pub changes: Vec<(BindingKey, Option<Binding>)>,
}

/// The batches that are applied to a fleet or to one host, in the order of their revisions, each
/// once. After a lost connection the watch reconnects and resumes where it was.
pub struct Watch {
    client: Arc<Client>,
    /// The prefix of the watched keys.
    prefix: Vec<u8>,
    /// The last revision whose changes were received.
    after: i64,
    stream: Option<(usize, Streaming<WatchResponse>)>,
    ready: VecDeque<Result<HostChange>>,
    /// Whether a new token was requested since the last watch that etcd accepted.
    token_renewed: bool,
}

/// Whether a stream continues after a response.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Open,
    Closed,
}

impl Watch {
    /// Watches all hosts.
    pub(crate) fn fleet(client: Arc<Client>, after: u64) -> Self {
        Self::new(client, ROOT, after)
    }

    /// Watches one host. A user who may only read that host may watch it.
    pub(crate) fn host(client: Arc<Client>, keys: &HostKeys, after: u64) -> Self {
        Self::new(client, keys.prefix(), after)
    }

    fn new(client: Arc<Client>, prefix: &str, after: u64) -> Self {
        Self {
            client,
            prefix: prefix.into(),
            after: i64::try_from(after).unwrap_or(i64::MAX - 1),
            stream: None,
            ready: VecDeque::new(),
            token_renewed: false,
        }
    }

    /// The next batch; `None` if there is none within this time, including when no endpoint answers.
    /// A new connection may take one [`timeout`](crate::EtcdBuilder::timeout) longer.
    ///
    /// # Errors
    /// - [`StoreError::Unavailable`] if etcd has compacted changes that the watch did not receive: get
    ///   the current revision, read the fleet, and watch from that revision.
    /// - [`StoreError::Corrupt`] for a key or value that cannot be decoded; the next call returns the
    ///   batch's other changes and the batches after it.
    /// - [`StoreError::Backend`] if etcd refuses the watch.
    pub fn next(&mut self, within: Duration) -> Result<Option<HostChange>> {
        let until = Instant::now() + within.min(MAX_WAIT);
        loop {
            if let Some(next) = self.ready.pop_front() {
                return next.map(Some);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let (index, mut stream) = match self.stream.take() {
                Some(stream) => stream,
                None => match self.open() {
                    Ok(stream) => stream,
                    Err(CallError::Unknown(_)) => {
                        std::thread::sleep(PAUSE.min(left));
                        continue;
                    }
                    Err(error) => return Err(self.failed(error.status())),
                },
            };
            let waited = self.client.wait(async move {
                // A message that has arrived in part stays in the stream.
                let message = timeout(left, stream.message()).await;
                (stream, message)
            });
            let (stream, message) = waited.map_err(|error| self.failed(error.status()))?;
            match message {
                Err(_) => self.stream = Some((index, stream)),
                Ok(Ok(Some(response))) => {
                    if self.receive(response)? == Stream::Open {
                        self.stream = Some((index, stream));
                    }
                }
                Ok(Ok(None)) => self.disconnected(index, "the server closed the stream"),
                Ok(Err(status)) => {
                    self.disconnected(index, status.message());
                    if let CallError::Rejected(status) = CallError::of(status) {
                        return Err(self.failed(&status));
                    }
                }
            }
        }
    }

    /// Requests the changes from the last received revision on, which is received again and dropped.
    ///
    /// If the request started one revision later, and etcd had compacted at that very revision, etcd
    /// would leave out its deletions without an error (etcd issues 18089 and 19179; etcd 3.4.23 does).
    /// A start below the revision of a compaction is refused instead.
    fn open(&self) -> Result<(usize, Streaming<WatchResponse>), CallError> {
        // 0 would mean "from now on". The first change of a cluster has revision 2.
        let start_revision = self.after.max(1);
        let create = WatchCreateRequest {
            key: self.prefix.clone(),
            range_end: schema::prefix_end(&self.prefix),
            start_revision,
            progress_notify: true,
        };
        let request = WatchRequest {
            request_union: Some(WatchRequestUnion::Create(create)),
        };
        // etcd ends a watch when the stream of requests ends.
        let requests = tokio_stream::once(request).chain(tokio_stream::pending());
        let endpoints = Arc::clone(self.client.endpoints());
        let (index, stream) = self
            .client
            .wait(async move { endpoints.stream(WATCH, requests).await })?;
        let endpoints = self.client.endpoints();
        stream
            .map(|stream| {
                events::watch_connected(endpoints.name(index), start_revision);
                (index, stream)
            })
            .map_err(|status| {
                let token = errors::is_about_token(status.message());
                match CallError::of(status) {
                    // The token was forgotten; the next attempt requests a new one.
                    CallError::Rejected(status) if token => CallError::Unknown(status),
                    CallError::Unknown(status) => {
                        self.disconnected(index, status.message());
                        CallError::Unknown(status)
                    }
                    error => error,
                }
            })
    }

    fn disconnected(&self, index: usize, error: &str) {
        let endpoints = self.client.endpoints();
        events::watch_disconnected(endpoints.name(index), error);
        endpoints.leave(index);
    }

    fn receive(&mut self, response: WatchResponse) -> Result<Stream> {
        if response.canceled {
            return self.cancelled(&response);
        }
        self.token_renewed = false;
        // A progress notification: all changes up to its revision have been sent.
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
            // The revision that the watch starts at was received before. An endpoint that lags
            // may send even older ones (etcd issue 20221).
            if revision > self.after {
                self.after = revision;
                decode(revision, &batch, &mut self.ready);
            }
        }
        Ok(Stream::Open)
    }

    fn cancelled(&mut self, response: &WatchResponse) -> Result<Stream> {
        if response.compact_revision != 0 {
            let reason = format!(
                "etcd has compacted revision {} (its history begins at {}), so changes after revision \
                 {} may be missing; read the fleet again, and watch from there",
                self.after, response.compact_revision, self.after
            );
            return Err(StoreError::unavailable(reason));
        }
        let reason = &response.cancel_reason;
        let denied = reason.contains("permission denied");
        // Older servers report an expired token as a missing permission (etcd issue 12385), so that
        // one attempt is made with a new token.
        let endpoints = self.client.endpoints();
        if (denied || errors::is_about_token(reason)) && endpoints.has_user() && !self.token_renewed
        {
            endpoints.forget_token();
            self.token_renewed = true;
            return Ok(Stream::Closed);
        }
        Err(self.failed(&match denied {
            true => Status::permission_denied(reason),
            false => Status::unknown(reason),
        }))
    }

    fn failed(&self, status: &Status) -> StoreError {
        errors::failed("watching the hosts", &self.client.name(), status)
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

/// Decodes the events of one revision: an error for each event that is not a binding's, then one
/// change for each host. Events of host records are left out.
fn decode(revision: i64, events: &[Event], ready: &mut VecDeque<Result<HostChange>>) {
    let mut hosts: Vec<HostChange> = Vec::new();
    for event in events {
        match decode_event(event) {
            Ok(None) => {}
            Ok(Some((host, key, value))) => match hosts.iter_mut().find(|one| one.host == host) {
                Some(change) => change.changes.push((key, value)),
                None => hosts.push(HostChange {
                    revision: u64::try_from(revision).unwrap_or_default(),
                    host,
                    changes: vec![(key, value)],
                }),
            },
            Err(error) => ready.push_back(Err(error)),
        }
    }
    ready.extend(hosts.into_iter().map(Ok));
}

type Decoded = (HostName, BindingKey, Option<Binding>);

fn decode_event(event: &Event) -> Result<Option<Decoded>> {
    let Some(kv) = &event.kv else {
        return Ok(None);
    };
    if kv.key.starts_with(RECORDS.as_bytes()) {
        return Ok(None);
    }
    let host = schema::host_of(&kv.key)?;
    let keys = HostKeys::of(&host);
    let key = keys.binding_key(&kv.key)?;
    let value = match event.kind == i32::from(EventType::Delete) {
        true => None,
        false => Some(keys.binding(kv)?),
    };
    Ok(Some((host, key, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::{KeyValue, ResponseHeader};
    use crate::settings::Settings;

    fn watch(after: u64) -> Watch {
        let settings = Settings {
            endpoints: vec!["127.0.0.1:1".to_owned()],
            tls: None,
            user: None,
            timeout: Duration::from_secs(1),
            retry_timeout: Duration::from_secs(1),
            max_txn_ops: std::num::NonZeroUsize::MIN,
            runtime: None,
        };
        Watch::fleet(Arc::new(Client::new(&settings).unwrap()), after)
    }

    fn deletion(key: &[u8], revision: i64) -> Event {
        let kv = KeyValue {
            key: key.to_vec(),
            mod_revision: revision,
            value: Vec::new(),
        };
        Event {
            kind: EventType::Delete.into(),
            kv: Some(kv),
        }
    }

    fn key(host: &str) -> Vec<u8> {
        let keys = HostKeys::of(&host.parse().unwrap());
        keys.key(&"0.0.0.0:443".parse().unwrap())
    }

    /// An endpoint that lags behind may send events from before the revision that the watch
    /// requested, also after a progress notification (etcd issue 20221, open for 3.4 to 3.6).
    #[test]
    fn old_events_are_dropped() {
        let mut watch = watch(0);
        let receive = |watch: &mut Watch, revision, events| {
            let header = Some(ResponseHeader { revision });
            let response = WatchResponse {
                header,
                events,
                ..WatchResponse::default()
            };
            assert!(watch.receive(response).unwrap() == Stream::Open);
            let received = watch.ready.drain(..).map(|change| change.unwrap().revision);
            received.collect::<Vec<_>>()
        };
        let event = |revision| deletion(&key("web01"), revision);
        assert_eq!(receive(&mut watch, 9, vec![event(5), event(7)]), [5, 7]);
        assert_eq!(receive(&mut watch, 9, vec![event(5), event(7)]), [0; 0]);
        assert_eq!(receive(&mut watch, 12, vec![]), [0; 0], "progress");
        assert_eq!(receive(&mut watch, 13, vec![event(11), event(13)]), [13]);
    }

    /// A program other than certbind may write an invalid key, and to several hosts, in one
    /// transaction.
    #[test]
    fn odd_keys_hide_no_other_change() {
        let mut ready = VecDeque::new();
        let events = [
            deletion(&key("web01"), 5),
            deletion(b"/certbind/v1/web01/\x09odd", 5),
            deletion(b"/certbind/v1/WEB\x1b/x", 5),
            deletion(&key("web02"), 5),
        ];
        decode(5, &events, &mut ready);
        let (errors, changes): (Vec<_>, Vec<_>) = ready.into_iter().partition(Result::is_err);
        assert_eq!(errors.len(), 2);
        let hosts = changes.into_iter().map(|change| change.unwrap().host);
        let hosts: Vec<_> = hosts.map(|host| host.to_string()).collect();
        assert_eq!(hosts, ["web01", "web02"]);
    }
}

//! Calls of etcd, for callers that wait: each is made of one member, and of the next where that one
//! does not answer.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use certbind_core::{Result, StoreError};
use http::uri::PathAndQuery;
use prost::Message;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::errors;
use crate::options::{Options, Tls};
use crate::rpc::{AuthenticateRequest, Method};

/// Far more than a page of a scan has.
const MAX_ANSWER: usize = 256 << 20;

/// The first pause once every member was asked, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_secs(1));

/// A connection to each member that was asked.
pub(crate) struct Client {
    /// Always there until it is dropped.
    runtime: Option<Runtime>,
    members: Arc<Members>,
    patience: Duration,
    pub(crate) max_txn_ops: usize,
}

pub(crate) struct Members {
    channels: Vec<(String, Channel)>,
    /// The one that answered last.
    current: AtomicUsize,
    user: Option<(String, String)>,
    token: Mutex<Option<AsciiMetadataValue>>,
    timeout: Duration,
}

/// Why a call brought no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whether it was carried out is not known. Another member may know.
    Lost(Status),
    /// It was not, and asking again would not help.
    Refused(Status),
}

impl Failure {
    pub(crate) fn of(status: Status) -> Self {
        let busy = status.message().contains("too many requests");
        match status.code() {
            // A connection that breaks is any of these.
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Unknown
            | Code::Internal => Self::Lost(status),
            Code::ResourceExhausted if busy => Self::Lost(status),
            _ => Self::Refused(status),
        }
    }

    pub(crate) fn status(&self) -> &Status {
        match self {
            Self::Lost(status) | Self::Refused(status) => status,
        }
    }
}

impl Client {
    /// Connects when it is first asked for something.
    pub(crate) fn new(options: &Options) -> Result<Self> {
        if options.endpoints.is_empty() {
            return Err(errors::invalid("no member of an etcd cluster is named"));
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("etcd")
            .enable_all()
            .build()
            .map_err(|source| StoreError::Io {
                action: "start a thread for etcd".into(),
                path: None,
                source,
            })?;
        // A connection that is made later is driven by the runtime that it is made in.
        let entered = runtime.enter();
        let channels = options
            .endpoints
            .iter()
            .map(|member| Ok((member.clone(), channel(member, options)?)))
            .collect::<Result<Vec<_>>>()?;
        drop(entered);
        Ok(Self {
            runtime: Some(runtime),
            members: Arc::new(Members {
                current: AtomicUsize::new(fastrand::usize(..channels.len())),
                channels,
                user: options.user.clone(),
                token: Mutex::new(None),
                timeout: options.timeout,
            }),
            patience: options.patience,
            max_txn_ops: options.max_txn_ops.get(),
        })
    }

    /// Asks the current member, once. A member that does not answer is not the current one any more.
    pub(crate) fn once<M: Method>(&self, request: &M) -> Result<M::Answer, Failure> {
        let (members, request) = (Arc::clone(&self.members), request.clone());
        let at = members.current.load(Ordering::Relaxed) % members.channels.len();
        let call = async move { members.ask(at, request).await };
        let answer = self.wait(call).and_then(|answer| answer);
        answer.map_err(|status| {
            let failure = Failure::of(status);
            if matches!(failure, Failure::Lost(_)) {
                self.members.leave(at);
            }
            failure
        })
    }

    /// Asks until somebody answers. For what changes nothing.
    pub(crate) fn read<M: Method>(&self, request: &M) -> Result<M::Answer, Failure> {
        let mut retry = self.retry();
        loop {
            match self.once(request) {
                Err(Failure::Lost(_)) if retry.again() => {}
                answer => return answer,
            }
        }
    }

    /// The patience of one operation, which begins now.
    pub(crate) fn retry(&self) -> Retry {
        Retry {
            until: Instant::now() + self.patience,
            members: self.members.channels.len(),
            asked: 0,
            pause: PAUSES.0,
        }
    }

    pub(crate) fn members(&self) -> &Arc<Members> {
        &self.members
    }

    /// The members, for people.
    pub(crate) fn name(&self) -> String {
        let names = self.members.channels.iter().map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>().join(",")
    }

    /// Waits for what runs on the runtime's own thread. Unlike `Runtime::block_on` it may be called
    /// by a thread that itself runs asynchronous code.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Status> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.runtime().spawn(async move {
            // Nobody is left to be told only where the waiting thread panicked.
            let _ = answer.send(future.await);
        });
        answered
            .recv()
            .map_err(|_| Status::internal("the call was given up"))
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is taken by drop alone")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for it is not allowed where asynchronous code drops the store.
            runtime.shutdown_background();
        }
    }
}

impl Members {
    /// A stream of the current member, and the place of that.
    pub(crate) async fn stream<Q, A>(
        &self,
        path: &'static str,
        requests: impl Stream<Item = Q> + Send + 'static,
    ) -> (usize, Result<Streaming<A>, Status>)
    where
        Q: Message + Default + 'static,
        A: Message + Default + 'static,
    {
        let at = self.current.load(Ordering::Relaxed) % self.channels.len();
        let channel = &self.channels[at].1;
        let opened = async {
            let token = self.token(channel).await?;
            let mut grpc = ready(channel).await?;
            let codec = ProstCodec::<Q, A>::default();
            let path = PathAndQuery::from_static(path);
            let answer = grpc.streaming(asked(requests, token), path, codec).await;
            answer
                .map(tonic::Response::into_inner)
                .inspect_err(|status| {
                    if errors::is_of_token(status) {
                        self.forget_token();
                    }
                })
        };
        let opened = timeout(self.timeout, opened).await;
        (at, opened.unwrap_or_else(|_| Err(late())))
    }

    /// The next member is the current one, if this one still is.
    pub(crate) fn leave(&self, at: usize) {
        let next = (at + 1) % self.channels.len();
        let _ = self
            .current
            .compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    async fn ask<M: Method>(&self, at: usize, request: M) -> Result<M::Answer, Status> {
        let channel = &self.channels[at].1;
        let token = self.token(channel).await?;
        let first = call(channel, token, request.clone());
        let answer = timeout(self.timeout, first).await.map_err(|_| late())?;
        match answer {
            Err(status) if self.user.is_some() && errors::is_of_token(&status) => {
                self.forget_token();
                let token = self.token(channel).await?;
                let again = call(channel, token, request);
                timeout(self.timeout, again).await.map_err(|_| late())?
            }
            answer => answer,
        }
    }

    /// Who we are, where that has to be said. etcd forgets it after a while.
    async fn token(&self, channel: &Channel) -> Result<Option<AsciiMetadataValue>, Status> {
        let Some((name, password)) = &self.user else {
            return Ok(None);
        };
        let kept = self
            .token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if kept.is_some() {
            return Ok(kept);
        }
        let request = AuthenticateRequest {
            name: name.clone(),
            password: password.clone(),
        };
        let answer = timeout(self.timeout, call(channel, None, request))
            .await
            .map_err(|_| late())??;
        let token: AsciiMetadataValue = answer
            .token
            .parse()
            .map_err(|_| Status::unauthenticated("its token is no text"))?;
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(Some(token))
    }

    fn forget_token(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn call<M: Method>(
    channel: &Channel,
    token: Option<AsciiMetadataValue>,
    request: M,
) -> Result<M::Answer, Status> {
    let mut grpc = ready(channel).await?;
    let codec = ProstCodec::<M, M::Answer>::default();
    let path = PathAndQuery::from_static(M::PATH);
    let answer = grpc.unary(asked(request, token), path, codec).await;
    answer.map(tonic::Response::into_inner)
}

async fn ready(channel: &Channel) -> Result<Grpc<Channel>, Status> {
    let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(MAX_ANSWER);
    let ready = grpc.ready().await;
    ready.map_err(|error| Status::unavailable(errors::with_causes(&error)))?;
    Ok(grpc)
}

fn late() -> Status {
    Status::deadline_exceeded("it did not answer in time")
}

/// What goes with every request.
fn asked<M>(message: M, token: Option<AsciiMetadataValue>) -> Request<M> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    // A member that is cut off from the others says so at once, instead of waiting for them.
    metadata.insert("hasleader", AsciiMetadataValue::from_static("true"));
    if let Some(token) = token {
        metadata.insert("token", token);
    }
    request
}

fn channel(member: &str, options: &Options) -> Result<Channel> {
    let scheme = if options.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let unusable = |problem: String| errors::invalid(format!("the member {member:?}: {problem}"));
    let endpoint = Endpoint::from_shared(format!("{scheme}://{member}"))
        .map_err(|error| unusable(errors::with_causes(&error)))?
        .connect_timeout(options.timeout)
        .tcp_nodelay(true)
        // Not more often than the server's --grpc-keepalive-min-time of 5 s.
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(options.timeout)
        .keep_alive_while_idle(false);
    let endpoint = match &options.tls {
        Some(tls) => endpoint
            .tls_config(tls_config(tls))
            .map_err(|error| unusable(errors::with_causes(&error)))?,
        None => endpoint,
    };
    Ok(endpoint.connect_lazy())
}

fn tls_config(tls: &Tls) -> ClientTlsConfig {
    let config = ClientTlsConfig::new();
    let config = match &tls.ca {
        Some(pem) => config.ca_certificate(Certificate::from_pem(pem)),
        None => config.with_native_roots(),
    };
    let config = match &tls.identity {
        Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
        None => config,
    };
    match &tls.server_name {
        Some(name) => config.domain_name(name),
        None => config,
    }
}

/// What is left of an operation's patience.
pub(crate) struct Retry {
    until: Instant,
    members: usize,
    asked: usize,
    pause: Duration,
}

impl Retry {
    /// Whether to ask again. Every member is asked once before there is a pause.
    pub(crate) fn again(&mut self) -> bool {
        self.asked += 1;
        if self.asked.is_multiple_of(self.members) {
            return self.pause();
        }
        Instant::now() < self.until
    }

    /// Waits a little, and the longer the more often, for somebody else to be done. False: there is
    /// no patience left.
    pub(crate) fn pause(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        // Those who were refused together do not come back together.
        let pause = self.pause.mul_f32(0.5 + fastrand::f32() / 2.0);
        if pause >= left {
            return false;
        }
        std::thread::sleep(pause);
        self.pause = PAUSES.1.min(self.pause * 2);
        true
    }
}

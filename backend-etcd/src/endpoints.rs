//! The connections to the endpoints of a cluster.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use certbind_core::Result as StoreResult;
use http::uri::PathAndQuery;
use prost::Message;
use tokio::time::timeout;
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;
use zeroize::Zeroizing;

use crate::errors;
use crate::rpc::{AuthenticateRequest, Method};
use crate::settings::{Settings, Tls};

/// Far more than a page of a scan has.
const MAX_RESPONSE: usize = 256 << 20;

/// A connection to each endpoint. A connection is made when it is first used.
pub(crate) struct Endpoints {
    channels: Vec<(String, Channel)>,
    /// The index of the endpoint that answered last.
    current: AtomicUsize,
    user: Option<(String, Zeroizing<String>)>,
    token: Mutex<Option<AsciiMetadataValue>>,
    timeout: Duration,
}

impl Endpoints {
    /// Connections that are driven by the runtime in whose context this is called.
    pub(crate) fn new(settings: &Settings) -> StoreResult<Self> {
        if settings.endpoints.is_empty() {
            return Err(errors::invalid("no endpoint of an etcd cluster is named"));
        }
        let channels = settings
            .endpoints
            .iter()
            .map(|endpoint| Ok((endpoint.clone(), channel(endpoint, settings)?)))
            .collect::<StoreResult<Vec<_>>>()?;
        Ok(Self {
            current: AtomicUsize::new(fastrand::usize(..channels.len())),
            channels,
            user: settings.user.clone(),
            token: Mutex::new(None),
            timeout: settings.timeout,
        })
    }

    /// How many there are: at least one.
    pub(crate) fn count(&self) -> usize {
        self.channels.len()
    }

    /// The index of the current endpoint.
    pub(crate) fn current(&self) -> usize {
        self.current.load(Ordering::Relaxed) % self.channels.len()
    }

    /// Makes the next endpoint the current one, if `index` still is.
    pub(crate) fn leave(&self, index: usize) {
        let next = (index + 1) % self.channels.len();
        let _ = self
            .current
            .compare_exchange(index, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The name of an endpoint: `HOST:PORT`.
    pub(crate) fn name(&self, index: usize) -> &str {
        &self.channels[index].0
    }

    /// The names of all endpoints, for messages.
    pub(crate) fn names(&self) -> String {
        let names = self.channels.iter().map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>().join(",")
    }

    /// One call of one endpoint. An expired token is renewed.
    pub(crate) async fn call<M: Method>(
        &self,
        index: usize,
        request: M,
    ) -> Result<M::Answer, Status> {
        let channel = &self.channels[index].1;
        let token = self.token(channel).await?;
        let first = unary(channel, token, request.clone());
        let answer = timeout(self.timeout, first).await.map_err(|_| late())?;
        match answer {
            Err(status) if self.user.is_some() && errors::is_about_token(status.message()) => {
                self.forget_token();
                let token = self.token(channel).await?;
                let again = unary(channel, token, request);
                timeout(self.timeout, again).await.map_err(|_| late())?
            }
            answer => answer,
        }
    }

    /// A stream of the current endpoint, and the endpoint's index.
    pub(crate) async fn stream<Q, A>(
        &self,
        path: &'static str,
        requests: impl Stream<Item = Q> + Send + 'static,
    ) -> (usize, Result<Streaming<A>, Status>)
    where
        Q: Message + Default + 'static,
        A: Message + Default + 'static,
    {
        let index = self.current();
        let channel = &self.channels[index].1;
        let opened = async {
            let token = self.token(channel).await?;
            let mut grpc = ready(channel).await?;
            let codec = ProstCodec::<Q, A>::default();
            let path = PathAndQuery::from_static(path);
            let requests = with_metadata(requests, token);
            let answer = grpc.streaming(requests, path, codec).await;
            answer
                .map(tonic::Response::into_inner)
                .inspect_err(|status| {
                    if errors::is_about_token(status.message()) {
                        self.forget_token();
                    }
                })
        };
        let opened = timeout(self.timeout, opened).await;
        (index, opened.unwrap_or_else(|_| Err(late())))
    }

    /// Whether calls are made in the name of a user, with a token that expires.
    pub(crate) fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// Makes the next call request a new token.
    pub(crate) fn forget_token(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The token of the user, if authentication is used.
    async fn token(&self, channel: &Channel) -> Result<Option<AsciiMetadataValue>, Status> {
        let Some((name, password)) = &self.user else {
            return Ok(None);
        };
        let token = self
            .token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if token.is_some() {
            return Ok(token);
        }
        let request = AuthenticateRequest {
            name: name.clone(),
            password: password.to_string(),
        };
        let answer = timeout(self.timeout, unary(channel, None, request))
            .await
            .map_err(|_| late())??;
        let token: AsciiMetadataValue = answer
            .token
            .parse()
            .map_err(|_| Status::unauthenticated("etcd's token is not ASCII text"))?;
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(Some(token))
    }
}

async fn unary<M: Method>(
    channel: &Channel,
    token: Option<AsciiMetadataValue>,
    request: M,
) -> Result<M::Answer, Status> {
    let mut grpc = ready(channel).await?;
    let codec = ProstCodec::<M, M::Answer>::default();
    let path = PathAndQuery::from_static(M::PATH);
    let answer = grpc.unary(with_metadata(request, token), path, codec).await;
    answer.map(tonic::Response::into_inner)
}

async fn ready(channel: &Channel) -> Result<Grpc<Channel>, Status> {
    let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(MAX_RESPONSE);
    grpc.ready().await.map_err(errors::unavailable)?;
    Ok(grpc)
}

fn late() -> Status {
    Status::deadline_exceeded("it did not answer in time")
}

/// A request with the metadata that every request has.
fn with_metadata<M>(message: M, token: Option<AsciiMetadataValue>) -> Request<M> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    // A member without a leader then answers at once instead of waiting for one.
    metadata.insert("hasleader", AsciiMetadataValue::from_static("true"));
    if let Some(token) = token {
        metadata.insert("token", token);
    }
    request
}

fn channel(endpoint: &str, settings: &Settings) -> StoreResult<Channel> {
    let scheme = match &settings.tls {
        Some(_) => "https",
        None => "http",
    };
    let unusable = |error: tonic::transport::Error| {
        let problem = errors::with_causes(&error);
        errors::invalid(format!("the endpoint {endpoint:?}: {problem}"))
    };
    let connection = Endpoint::from_shared(format!("{scheme}://{endpoint}"))
        .map_err(unusable)?
        .connect_timeout(settings.timeout)
        .tcp_nodelay(true)
        // Not more often than the server's --grpc-keepalive-min-time of 5 s.
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(settings.timeout)
        .keep_alive_while_idle(false);
    let connection = match &settings.tls {
        Some(tls) => connection.tls_config(tls_config(tls)).map_err(unusable)?,
        None => connection,
    };
    Ok(connection.connect_lazy())
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

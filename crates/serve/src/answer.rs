//! The HTTP layer above TLS: an answer that describes the connection, or the answer of another
//! server.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use http::header::{
    CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::ServeError;
use crate::report::ConnectionReport;

pub(crate) type Body = Either<Full<Bytes>, Incoming>;

/// The application that receives the decrypted requests.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    authority: Authority,
    client: Client<HttpConnector, Incoming>,
}

impl Upstream {
    pub(crate) fn new(url: &str) -> Result<Self, ServeError> {
        let wrong = || ServeError::Upstream {
            url: url.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let is_root = matches!(
            uri.path_and_query().map(PathAndQuery::as_str),
            None | Some("/")
        );
        match uri.authority() {
            Some(authority) if uri.scheme() == Some(&Scheme::HTTP) && is_root => Ok(Self {
                authority: authority.clone(),
                client: Client::builder(TokioExecutor::new()).build_http(),
            }),
            _ => Err(wrong()),
        }
    }

    async fn answer(&self, request: Request<Incoming>, client: IpAddr) -> Response<Body> {
        let forwarded = match self.forwarded(request, client) {
            Ok(request) => self.client.request(request).await,
            Err(problem) => return problem_of(StatusCode::BAD_REQUEST, &problem),
        };
        match forwarded {
            Ok(mut response) => {
                remove_hop_by_hop(response.headers_mut());
                *response.version_mut() = Version::HTTP_11;
                response.map(Either::Right)
            }
            Err(error) => {
                let mut problem = error.to_string();
                if let Some(source) = std::error::Error::source(&error) {
                    problem = format!("{problem}: {source}");
                }
                let problem = format!(
                    "the application at {} does not answer: {problem}",
                    self.authority
                );
                problem_of(StatusCode::BAD_GATEWAY, &problem)
            }
        }
    }

    /// The request for the application, with the client's host, address and scheme.
    fn forwarded(
        &self,
        request: Request<Incoming>,
        client: IpAddr,
    ) -> Result<Request<Incoming>, String> {
        let (mut parts, body) = request.into_parts();
        remove_hop_by_hop(&mut parts.headers);
        if let Some(authority) = parts.uri.authority()
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            parts.headers.insert(HOST, host);
        }
        let path = parts.uri.path_and_query().cloned();
        parts.uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
            .build()
            .map_err(|error| error.to_string())?;
        parts.version = Version::HTTP_11;
        let client = HeaderValue::from_str(&client.to_string());
        parts.headers.insert(
            HeaderName::from_static("x-forwarded-for"),
            client.map_err(|error| error.to_string())?,
        );
        parts.headers.insert(
            HeaderName::from_static("x-forwarded-proto"),
            HeaderValue::from_static("https"),
        );
        Ok(Request::from_parts(parts, body))
    }
}

/// A connection, and its description in JSON, which all answers on it contain.
#[derive(Debug)]
pub(crate) struct Described {
    connection: ConnectionReport,
    json: OnceLock<Box<RawValue>>,
}

impl Described {
    pub(crate) fn new(connection: ConnectionReport) -> Self {
        Self {
            connection,
            json: OnceLock::new(),
        }
    }

    fn json(&self) -> &RawValue {
        self.json.get_or_init(|| {
            // A report contains nothing that JSON cannot express.
            to_raw_value(&self.connection).unwrap_or_else(|_| RawValue::NULL.to_owned())
        })
    }
}

/// An answer that describes the connection and the request.
#[derive(Serialize)]
struct Description<'a> {
    connection: &'a RawValue,
    request: RequestDescription<'a>,
}

#[derive(Serialize)]
struct RequestDescription<'a> {
    method: &'a str,
    host: Option<&'a str>,
    path: Option<&'a str>,
    version: &'static str,
}

/// The answer to a request.
pub(crate) async fn answer(
    request: Request<Incoming>,
    described: Arc<Described>,
    upstream: Option<Arc<Upstream>>,
) -> Response<Body> {
    if let Some(upstream) = upstream {
        let client = described.connection.client.ip();
        return upstream.answer(request, client).await;
    }
    let headers = request.headers();
    let host = headers
        .get(HOST)
        .map(|host| String::from_utf8_lossy(host.as_bytes()));
    let authority = request.uri().authority().map(Authority::as_str);
    let description = Description {
        connection: described.json(),
        request: RequestDescription {
            method: request.method().as_str(),
            host: host.as_deref().or(authority),
            path: request.uri().path_and_query().map(PathAndQuery::as_str),
            version: name_of(request.version()),
        },
    };
    json_of(StatusCode::OK, &description)
}

fn name_of(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

fn problem_of(status: StatusCode, problem: &str) -> Response<Body> {
    json_of(status, &json!({ "error": problem }))
}

fn json_of(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let mut json = serde_json::to_vec(value).unwrap_or_default();
    json.push(b'\n');
    let body = Full::new(Bytes::from(json));
    let mut response = Response::new(Either::Left(body));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Removes the headers that are between two neighbours only (RFC 9110, 7.6.1). Upgrades, such as those
/// of WebSocket, are not forwarded.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<_> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .collect();
    let keep_alive = HeaderName::from_static("keep-alive");
    let proxy_connection = HeaderName::from_static("proxy-connection");
    let always = [
        CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
        keep_alive,
        proxy_connection,
    ];
    for name in named.into_iter().chain(always) {
        headers.remove(name);
    }
}

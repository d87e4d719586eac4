//! Reports about connections and the host.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use certbind_core::{BindingKey, CertHash, Port};
use serde::Serialize;

use crate::endpoints::{Endpoint, port_number};

/// An event of a running server.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A connection was answered, or was not.
    Connection(&'a ConnectionReport),
    /// Something is not served as on Windows, or not at all.
    Notice(&'a Notice),
    /// The server listens on these endpoints from now on.
    Endpoints(&'a [Endpoint]),
}

/// The outcome of a connection.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ConnectionReport {
    /// The time, in RFC 3339.
    pub time: String,
    /// The client.
    pub client: SocketAddr,
    /// The address of the host that the socket represents.
    pub address: IpAddr,
    /// The port of the host.
    #[serde(serialize_with = "port_number")]
    pub port: Port,
    /// The server name that the client sent. Bytes that are not UTF-8 are replaced.
    pub sni: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
    /// The binding that answers.
    pub binding: Option<BindingKey>,
    /// The step of the choice at which the binding was found.
    pub step: Option<&'static str>,
    /// The hash of the certificate.
    pub certificate: Option<CertHash>,
    /// The file of the central store.
    pub file: Option<String>,
    /// The negotiated parameters, after a handshake.
    pub tls: Option<Tls>,
    /// The reason, where the connection was not served.
    pub error: Option<String>,
    /// The duration of the handshake.
    pub milliseconds: u64,
}

/// The outcome of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The handshake is complete.
    Served,
    /// No binding matches; the connection was reset.
    NoBinding,
    /// The binding rejects connections, or cannot be served; the connection was reset.
    NotServed,
    /// The client did not send TLS.
    NotTls,
    /// The handshake failed.
    HandshakeFailed,
    /// The handshake took too long.
    Timeout,
    /// There were too many connections, and this one made room for another.
    Evicted,
}

/// The negotiated parameters of a connection.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Tls {
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: String,
    /// The cipher suite.
    pub cipher_suite: String,
    /// The protocol by ALPN.
    pub alpn: Option<String>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// The certificate that the client showed, if any. Its key is verified, its chain is not.
    pub client_certificate: Option<ClientCertificate>,
}

/// The certificate that a client sent in the handshake. Its chain is not verified.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// Its hash.
    pub hash: CertHash,
    /// Its subject.
    pub subject: String,
}

/// Something that is not served as on Windows, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Bindings allow TLS 1.0 and 1.1.
    LegacyTls {
        /// The number of bindings.
        bindings: usize,
    },
    /// Bindings have extended properties that restrict TLS, or set headers.
    ExtendedProperties {
        /// The number of bindings.
        bindings: usize,
    },
    /// A bound certificate is not in the folder with its key.
    MissingCertificate {
        /// Its hash.
        hash: CertHash,
        /// The number of bindings.
        bindings: usize,
    },
    /// A part of a file of the folder cannot be used.
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        problem: String,
    },
    /// The bindings could not be read; those that were read before are in effect.
    Source {
        /// The reason.
        problem: String,
    },
    /// An address cannot be listened on.
    Endpoint {
        /// The address of the host.
        address: IpAddr,
        /// The port of the host.
        port: Port,
        /// The reason.
        problem: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |n: &usize| match n {
            1 => "1 binding".to_owned(),
            n => format!("{n} bindings"),
        };
        match self {
            Self::LegacyTls { bindings } => write!(
                f,
                "TLS 1.0 and 1.1 are not served; Windows may serve them for {} without the flag that \
                 disables legacy TLS",
                count(bindings)
            ),
            Self::ExtendedProperties { bindings } => write!(
                f,
                "the extended properties of {} have no effect here",
                count(bindings)
            ),
            Self::MissingCertificate { hash, bindings } => write!(
                f,
                "no file has the certificate {hash} and its private key; connections to {} are reset",
                count(bindings)
            ),
            Self::File { path, problem } => write!(f, "{}: {problem}", path.display()),
            Self::Source { problem } => write!(
                f,
                "cannot read the bindings, those read before stay in effect: {problem}"
            ),
            Self::Endpoint {
                address,
                port,
                problem,
            } => write!(f, "cannot listen for {address}, port {port}: {problem}"),
        }
    }
}

//! TLS endpoints that answer as HTTP.sys would choose among certificate bindings.
//!
//! A [`Server`] listens on the ports of bindings, at loopback addresses that represent the
//! addresses of the host. For each connection it chooses the binding as [`certbind_resolve`]
//! describes, and answers with the certificate of the binding from a folder of PEM and PFX files. A
//! request gets a JSON object that names the binding, the server name and the negotiated
//! parameters, or the answer of an application ([`ServerBuilder::upstream`]). A change of the
//! bindings applies to the next handshake.
//!
//! Use it to test clients against the bindings of a host, or against a plan that was not applied.
//!
//! ```no_run
//! use certbind_core::{Binding, CertHash, Record, Uuid};
//! use certbind_serve::{PortRule, Ports, Server};
//!
//! let hash: CertHash = "7b10b7f823d29c77c3a049c1576819127feba2d6".parse()?;
//! let record = Record::new(hash, None, Uuid::nil());
//! let binding = Binding::new("hostnameport=www.contoso.com:443".parse()?, record)?;
//! let server = Server::builder(vec![binding])
//!     .certificates("certificates")
//!     .ports(Ports::new(PortRule::Free))
//!     .start()?;
//! for endpoint in server.endpoints() {
//!     println!("{}:{} is at {}", endpoint.address, endpoint.port, endpoint.listens_on);
//! }
//! server.stop();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Server names
//! The name is read from the bytes of the ClientHello, and not from rustls: upper case, a dot at
//! the end, IP addresses and names that rustls refuses (`a-.example`) reach the choice as the
//! client sends them. For the last kind rustls completes the handshake with a placeholder for the
//! name.
//!
//! # Differences from HTTP.sys
//! TLS 1.0, TLS 1.1 and HTTP/3 are not served. A client certificate is requested in the handshake
//! if the binding has that flag, and its chain is not verified. Nothing was compared with a Windows
//! host.

mod answer;
mod central_store;
mod certificates;
mod client_certificate;
mod client_hello;
mod connection;
mod endpoints;
mod error;
mod host;
mod limits;
mod refresh;
mod report;
mod second_hello;
mod server;
mod sessions;
mod shared;
mod source;
mod tls_config;
mod transcript;

pub use endpoints::{Endpoint, PortRule, Ports};
pub use error::ServeError;
pub use limits::Limits;
pub use report::{ClientCertificate, ConnectionReport, Event, Notice, Outcome, Tls};
pub use server::{Server, ServerBuilder};
pub use source::BindingSource;

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

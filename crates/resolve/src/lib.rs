//! Which TLS certificate binding of HTTP.sys answers a connection, and why.
//!
//! A [`Resolver`] indexes the bindings of a host. [`Resolver::choose`] returns the binding that
//! answers a [`Connection`]; [`Resolver::resolve`] also explains why every other binding of the
//! port does not, and whether public sources disagree about the outcome.
//!
//! Use it to find out the certificate that a client gets, before or after a change of bindings.
//!
//! ```
//! use certbind_core::{Binding, CertHash, Record, Uuid};
//! use certbind_resolve::{Connection, Resolver, Step};
//!
//! let record = Record::new(CertHash::new([0x52; 20]), None, Uuid::nil());
//! let binding = Binding::new("hostnameport=*.contoso.com:443".parse()?, record)?;
//! let host = Resolver::new([binding]);
//!
//! let connection = Connection::to("10.0.0.5:443".parse()?)?.with_server_name("www.contoso.com");
//! let (step, binding) = host.choose(&connection).expect("the wildcard matches");
//! assert_eq!(step, Step::WildcardHostName);
//! assert_eq!(binding.key().to_string(), "hostnameport=*.contoso.com:443");
//!
//! // Without a server name no binding matches, and HTTP.sys resets the connection.
//! assert!(host.choose(&Connection::to("10.0.0.5:443".parse()?)?).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The order
//! HTTP.sys searches (1) the exact address and port, (2) the server name, (3) a wildcard for it,
//! (4) the server name, or a wildcard for it, in the central certificate store, (5) the central
//! certificate store, (6) `[::]` on IPv6 connections, (7) `0.0.0.0`. If none is bound, it resets
//! the connection (Microsoft's Application Proxy blog, 2014). [`Step::evidence`] returns the
//! sources of each step, and [`Order`] the orders of sources that contradict this one. **None of it
//! was verified on a Windows host by certbind.**
//!
//! Names are compared without case, and are otherwise unchanged: whether HTTP.sys ignores a dot at
//! the end is not known.

mod cases;
mod connection;
mod other_servers;
mod resolution;
mod resolver;
mod step;

pub use cases::{Case, NameCase};
pub use connection::{Connection, Family, LocalAddress};
pub use other_servers::{OTHER_SERVERS, OtherAnswer, OtherServer};
pub use resolution::{Alternative, Candidate, Outcome, Resolution};
pub use resolver::Resolver;
pub use step::{Evidence, Order, Step};

/// The order in words, for reports.
pub const ORDER: &str = "HTTP.sys looks for a binding of the exact address and port first, then for \
    one of the host name that the client sends and the port, then for the port of the central \
    certificate store, then for [::] and the port on IPv6 connections, and for 0.0.0.0 and the \
    port last";

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

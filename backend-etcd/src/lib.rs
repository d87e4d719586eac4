//! TLS certificate bindings of many hosts in one [etcd] cluster.
//!
//! Each host has a store of its own, an [`EtcdStore`], with all the guarantees of a
//! [`BindingStore`](certbind_core::BindingStore): a batch is one transaction of etcd, a scan reads
//! one revision, reads are linearizable, and an acknowledged batch is on the disks of a majority of
//! the members. The [documentation] describes the key schema, and how a batch without an answer is
//! applied exactly once.
//!
//! Use it to manage the bindings of a fleet in one place.
//!
//! ```no_run
//! use certbind_core::{Binding, BindingStore, CertHash, Record, Uuid};
//! use certbind_etcd::EtcdStore;
//!
//! let store = EtcdStore::builder(["etcd1.contoso.com:2379", "etcd2.contoso.com:2379"])
//!     .open(&"web01".parse()?)?;
//!
//! let record = Record::new(CertHash::new([0x52; 20]), None, Uuid::nil());
//! store.insert(Binding::new("0.0.0.0:443".parse()?, record)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Fleet`] is all hosts of a cluster: it lists them, visits them in parallel, and watches them.
//!
//! # Transport
//! The crate speaks etcd's gRPC interface through [tonic]. The dozen messages that a store needs
//! are hand-written [prost] types, so that no build needs `protoc`; the documentation compares
//! the alternatives. All methods block. A thread of the store's own drives the connections, or the
//! tokio runtime that was passed to [`EtcdBuilder::runtime`].
//!
//! # Features
//! `tracing`: opening a store, retries and the connections of a watch are reported as events of the
//! target `certbind_etcd`. Nothing is reported without it.
//!
//! [documentation]: https://github.com/certbind/certbind/blob/main/docs/etcd.md
//! [etcd]: https://etcd.io
//! [tonic]: https://docs.rs/tonic
//! [prost]: https://docs.rs/prost

mod apply;
mod builder;
mod client;
mod endpoints;
mod errors;
mod events;
mod fleet;
mod host;
mod read_set;
mod retry;
mod rpc;
mod scan;
mod schema;
mod session;
mod settings;
mod store;
mod url;
mod watch;

pub use builder::EtcdBuilder;
pub use errors::{EtcdError, EtcdErrorKind};
pub use fleet::{Fleet, HostList};
pub use host::{HostName, HostNameError};
pub use settings::Tls;
pub use store::EtcdStore;
pub use url::{EtcdUrl, UrlError, UrlWarning};
pub use watch::{HostChange, Watch};

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

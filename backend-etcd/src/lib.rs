//! A fleet's store: the TLS certificate bindings of many hosts in one [etcd] cluster.
//!
//! Each host has a store of its own, an [`EtcdStore`], which promises what every store does: a batch
//! is one transaction of etcd, a scan is of one revision, reads are linearizable, and what was
//! acknowledged is on the disks of most members. `docs/etcd.md` has the layout, and how a batch
//! whose answer is lost is applied once all the same.
//!
//! ```no_run
//! use certbind_etcd::{EtcdStore, Options};
//! use certbind_core::{Binding, BindingStore, CertHash, Record, Uuid};
//!
//! let etcd = Options::new(["etcd1.contoso.com:2379", "etcd2.contoso.com:2379"]);
//! let store = EtcdStore::open(&etcd, &"web01".parse()?)?;
//!
//! let record = Record::new(CertHash::new([0x52; 20]), None, Uuid::nil());
//! store.insert(Binding::new("0.0.0.0:443".parse()?, record)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Fleet`] is all hosts of a cluster: it lists them, visits them side by side, and watches them.
//!
//! # How etcd is spoken to
//! Over gRPC, by [tonic], with the dozen messages that a store needs written by hand as [prost]
//! types: their tags cannot change, and nothing has to be generated, so that `protoc` is needed
//! neither by who builds this nor by who changes it. The alternatives: the crate `etcd-client` needs
//! `protoc` at every build; etcd's gateway for JSON needs no HTTP/2, but costs a third more bytes,
//! knows no users by their TLS certificates, and may be switched off. Calls wait: a thread of the
//! store's own drives the connections, so nobody else sees asynchronous code, and callers that have
//! some may use the store like any other thing that blocks.
//!
//! [etcd]: https://etcd.io
//! [tonic]: https://docs.rs/tonic
//! [prost]: https://docs.rs/prost

mod apply;
mod client;
mod errors;
mod fleet;
mod host;
mod layout;
mod options;
mod rpc;
mod scan;
mod store;
mod url;
mod view;
mod watch;

pub use fleet::Fleet;
pub use host::{HostName, HostNameError};
pub use options::{Options, Tls};
pub use store::EtcdStore;
pub use url::{EtcdUrl, UrlError};
pub use watch::{Changed, Watch};

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

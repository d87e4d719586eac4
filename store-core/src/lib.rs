//! TLS certificate bindings of Windows HTTP.sys, and the trait of the stores that contain them.
//!
//! HTTP.sys, the kernel driver for HTTP on Windows, keeps one server certificate per IP address and
//! port, per host name and port, and per port of the central certificate store. A [`Binding`] is one
//! such record. A [`BindingStore`] holds at most one binding for each [`BindingKey`], and changes
//! bindings in atomic [`Batch`]es. [`MemoryStore`] is the reference implementation.
//!
//! Use this crate to write a backend, or a library that works with any store. A program that opens
//! stores by URL uses the crate `certbind`; `certbind-conformance` tests a backend.
//!
//! ```
//! use certbind_core::{Batch, Binding, BindingStore, CertHash, Change, MemoryStore, Record};
//! use uuid::Uuid;
//!
//! let store = MemoryStore::new();
//! let iis: Uuid = "4dc3e181-e14b-4a21-b022-59fc669b0914".parse()?;
//! let old = CertHash::new([0x52; 20]);
//!
//! let mut changes = Vec::new();
//! for key in ["0.0.0.0:443", "[::]:443", "hostnameport=www.contoso.com:443"] {
//!     let record = Record::new(old, Some("MY".parse()?), iis);
//!     changes.push(Change::insert(Binding::new(key.parse()?, record)?));
//! }
//! store.apply(&Batch::new(changes)?)?;
//!
//! // Renew the certificate in every binding, and undo it.
//! let renewed = store.rotate(&old, &CertHash::new([0x53; 20]))?;
//! assert_eq!(renewed.outcomes().len(), 3);
//! store.apply(&renewed.inverse())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `idna` | yes | host names may contain non-ASCII characters, which are converted to A-labels |
//! | `serde` | no | serialization of keys, bindings and their parts |
//! | `proptest` | no | property-based testing: the module `strategy` generates values of every type |
//!
//! Backends that store bindings need `idna`, since HTTP.sys also returns host names that are not
//! ASCII.

mod batch;
mod binding;
mod capabilities;
pub mod codec;
mod conversion;
mod difference;
mod error;
mod extended;
mod flags;
mod forward;
mod hash;
pub mod history;
mod host;
mod ip_port;
mod key;
mod key_error;
mod kind;
mod memory;
mod names;
mod port;
mod scan;
#[cfg(feature = "serde")]
mod serialization;
mod store;
#[cfg(feature = "proptest")]
pub mod strategy;
mod tables;

pub use batch::{Applied, Batch, Change, Outcome, Precondition};
pub use binding::{Binding, BindingError, Certificate, Record};
pub use capabilities::Capabilities;
pub use difference::FieldDifference;
pub use error::{BoxError, Result, StoreError};
pub use extended::{
    DisabledCrypto, ErrorHeaders, ExtendedProperties, Header, PerformanceSetting, Property,
    PropertyError, PropertyType, PropertyValue, SessionTicketKey, SessionTicketKeys,
    TlsRestriction, TlsRestrictions,
};
pub use flags::{CertCheckMode, SslFlags};
pub use hash::{CertHash, HashError};
pub use host::{Host, HostPort, MAX_HOST_LENGTH};
pub use ip_port::IpPort;
pub use key::BindingKey;
pub use key_error::KeyError;
pub use kind::Kind;
pub use memory::MemoryStore;
pub use names::{CtlIdentifier, StoreName, TextError, TlsName};
pub use port::Port;
pub use scan::{Bindings, Scan};
pub use store::BindingStore;
pub use tables::{MemoryTables, Row, RowChange, RowPrecondition, Tables};

/// The GUID type of application ids.
pub use uuid::Uuid;

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

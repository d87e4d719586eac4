//! What a TLS certificate binding is, and what a store of bindings promises.
//!
//! Windows keeps, inside HTTP.sys, one server certificate per IP address and port, per host name
//! and port, and per port of the central certificate store. A [`Binding`] is one such record;
//! a [`BindingStore`] keeps at most one of them for each [`BindingKey`], and changes them in
//! [`Batch`]es that happen whole or not at all. [`MemoryStore`] is the reference that every other
//! backend is compared with.
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
//! // Renew the certificate everywhere it is bound, and change one's mind.
//! let renewed = store.rotate(&old, &CertHash::new([0x53; 20]))?;
//! assert_eq!(renewed.outcomes().len(), 3);
//! store.apply(&renewed.inverse())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod binding;
mod capabilities;
pub mod codec;
mod error;
mod extended;
mod form;
mod hash;
mod host;
mod key;
mod memory;
mod options;
mod scan;
mod store;
#[cfg(feature = "proptest")]
pub mod strategy;
mod tables;
mod text;

pub use batch::{Applied, Batch, Change, Outcome, Precondition};
pub use binding::{Binding, BindingError, Certificate, Record};
pub use capabilities::Capabilities;
pub use error::{Result, StoreError};
pub use extended::{
    DisabledCrypto, ErrorHeaders, ExtendedProperties, Header, PerformanceSetting, Property,
    PropertyError, PropertyType, PropertyValue, SessionTicketKey, SessionTicketKeys,
    TlsRestriction, TlsRestrictions,
};
pub use hash::{CertHash, HashError};
pub use host::{Host, HostPort, MAX_HOST_LENGTH};
pub use key::{BindingKey, IpPort, KeyError, Kind, Port};
pub use memory::MemoryStore;
pub use options::{CertCheckMode, SslFlags};
pub use scan::{Bindings, Scan};
pub use store::BindingStore;
pub use tables::{MemoryTables, Row, RowChange, RowPrecondition, Tables};
pub use text::{CtlIdentifier, StoreName, TextError, TlsName};

/// The GUID type of application ids.
pub use uuid::Uuid;

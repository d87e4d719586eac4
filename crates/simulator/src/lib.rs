//! The HTTP Server API of Windows, simulated over any binding store.
//!
//! A [`Simulator`] keeps its records in a [`BindingStore`](certbind_core::BindingStore) and answers
//! the calls of the API like HTTP.sys: return codes, the two calls of a query, enumeration by
//! index, and the kinds and functions of a version of Windows. It implements
//! [`HttpApi`](certbind_httpapi_abi::HttpApi), so that `HttpSysStore` runs on it as on Windows. URL
//! reservations, the IP listen list, timeouts, cache parameters and settings are kept in
//! [`Tables`](certbind_core::Tables). It also simulates absent certificates, missing rights and
//! injected faults. The page [fidelity] lists the decisions that had to be made without knowledge of
//! the behaviour of Windows.
//!
//! Use it to test Rust code that configures HTTP.sys, on any system. `certbind-httpapi` is the same
//! simulator as a library for programs in other languages.
//!
//! ```
//! use std::sync::Arc;
//!
//! use certbind_httpsys::HttpSysStore;
//! use certbind_simulator::{Call, Profile, Simulator};
//! use certbind_core::{Binding, BindingStore, CertHash, MemoryStore, Record, StoreError, Uuid};
//!
//! let simulator = Arc::new(Simulator::new(Arc::new(MemoryStore::new())).profile(Profile::Server2019));
//! # let folder = tempfile::tempdir()?;
//! # let journal = folder.path().to_owned();
//! let store = HttpSysStore::builder(Arc::clone(&simulator)).journal(journal).open()?;
//!
//! let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
//! let binding = Binding::new("0.0.0.0:443".parse()?, record)?;
//! simulator.fail(Call::Set, 1, 1312);
//! let refused = store.insert(binding.clone());
//! assert!(matches!(refused, Err(StoreError::CertificateUnavailable { .. })));
//! store.insert(binding)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [fidelity]: https://github.com/certbind/certbind/blob/main/docs/fidelity.md

mod accounts;
mod api;
mod certificates;
mod disguise;
mod faults;
mod history;
mod install;
mod inventory;
mod listing;
mod profile;
mod properties;
mod servers;
mod service;
mod service_api;
mod simulator;
mod stock;
mod variant;
mod windows;

pub use accounts::{AccountError, Accounts};
pub use certificates::CertificateState;
pub use faults::Call;
pub use install::InstallError;
pub use inventory::{Inventory, InventoryError};
pub use profile::{Profile, UnknownProfile};
pub use servers::{GroupProperty, Registration};
pub use service::{ServiceConfig, ServiceError};
pub use simulator::{Privilege, Simulator};
pub use stock::stock_reservations;
pub use windows::{Windows, WindowsOption, WindowsOptionError};

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! Backends: how a binding store is named by its URL, opened and recognized.
//!
//! A [`StoreBackend`] covers all differences between backends. Programs keep their backends in a
//! [`Registry`] and do not match on schemes themselves. This crate contains two backends, for
//! programs that simulate HTTP.sys: `Redb` (with the feature `redb`, on by default) and [`Memory`].
//!
//! Use it to add a backend to the command line of certbind, or to open the stores of a simulated
//! host by URL. A program that opens any store uses `certbind::open`.
//!
//! ```
//! use certbind_backends::{Access, Registry};
//!
//! let registry = Registry::embedded();
//! let (backend, address) = registry.parse("memory:")?;
//! let store = backend.open(address, Access::Change)?.expect("a new store");
//! assert!(store.check()?.problems.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `redb` | yes | stores in redb files: `redb:PATH` |
//! | `tracing` | no | the backends report events |

mod backend;
mod memory;
mod open_store;
#[cfg(feature = "redb")]
mod redb;
mod registry;
#[cfg(feature = "redb")]
mod shared_file;

pub use backend::{Access, Sharing, StoreBackend};
pub use memory::Memory;
pub use open_store::{CheckReport, OpenStore};
#[cfg(feature = "redb")]
pub use redb::Redb;
pub use registry::{Registry, UrlError};

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

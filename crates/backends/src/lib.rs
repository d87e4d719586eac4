//! Backends: how a binding store is named by its URL, opened and recognized.
//!
//! A [`StoreBackend`] answers everything in which backends differ. Programs hold their backends in a
//! [`Registry`] and match on no scheme themselves. Two backends are here, for every program that
//! simulates HTTP.sys: `Redb` (with the feature `redb`, on by default) and [`Memory`].

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

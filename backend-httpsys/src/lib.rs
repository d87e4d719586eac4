//! The bindings of HTTP.sys: the store that writes through to the HTTP Server API.
//!
//! Use it to read and change the bindings of a Windows host, in a program that runs on the host.
//!
//! [`HttpApi`](certbind_httpapi_abi::HttpApi) is the API itself, one method per function.
//! [`LibraryApi`] loads it from a dynamic library: `LibraryApi::system()`, on Windows, from the
//! system's `httpapi.dll`, and [`LibraryApi::load`] from any library with the same functions, on any
//! platform. [`HttpSysStore`] is a [`BindingStore`](certbind_core::BindingStore) over any of them, and
//! [`ServiceApi`] sets and queries the other service configuration. The C structures are in
//! `certbind-httpapi-abi`.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use certbind_httpapi_abi::HttpApi;
//! use certbind_httpsys::{HttpSysStore, LibraryApi};
//! use certbind_core::{BindingStore, Scan};
//!
//! # #[cfg(windows)]
//! fn system() -> certbind_core::Result<Arc<dyn HttpApi>> {
//!     Ok(Arc::new(LibraryApi::system()?))
//! }
//! # #[cfg(not(windows))]
//! # fn system() -> certbind_core::Result<Arc<dyn HttpApi>> {
//! #     // SAFETY: the library keeps the interface of the HTTP Server API.
//! #     Ok(Arc::new(unsafe { LibraryApi::load(Path::new("libhttpapi.so")) }?))
//! # }
//!
//! let journal = r"C:\ProgramData\Contoso\journal";
//! let store = HttpSysStore::builder(system()?).journal(journal).open()?;
//! for conflict in store.recovery().conflicts {
//!     eprintln!("{} was changed by another program and is left as it is", conflict.key);
//! }
//! for binding in store.scan(&Scan::all())? {
//!     println!("{}", binding?.key());
//! }
//! # Ok::<(), certbind_core::StoreError>(())
//! ```
//!
//! # Features
//! `tracing`: opening, recovery and retries are reported as events. Nothing is reported without it.

mod builder;
mod calls;
mod code;
mod compare;
mod doctor;
mod events;
mod journal;
mod journal_format;
mod library;
mod listing;
mod lock_owner;
mod moved;
mod notice;
mod private;
mod properties;
mod read_failure;
mod records;
mod scan;
mod service;
mod session;
mod step;
mod store;
mod unbound_key;
mod undo;

pub use builder::HttpSysBuilder;
pub use doctor::{Diagnosis, Finding, WriteProbe, diagnose};
pub use library::LibraryApi;
pub use notice::{Notice, StoredDifferently};
pub use private::create_folder as create_private_folder;
#[cfg(windows)]
pub use private::windows::system_folder;
pub use service::ServiceApi;
pub use store::{HttpSysStore, RecoveryTime};
pub use undo::{Recovery, RecoveryConflict};

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

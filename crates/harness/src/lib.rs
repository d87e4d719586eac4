//! Runs programs that configure HTTP.sys against a simulator of their own, and checks the resulting
//! configuration.
//!
//! A [`Harness`] is a folder with a store, a configuration and, for the programs that it runs, the
//! drop-in library and `netsh`, which precede the system's. Harnesses share nothing, so tests run
//! in parallel. All programs in one harness share its store, as all programs on a host share
//! HTTP.sys.
//!
//! Use it to test installers, scripts and services in any language, on any system.
//!
//! ```no_run
//! use certbind_harness::{Call, Fault, Harness, Profile};
//!
//! let export = std::fs::read("host.txt")?;
//! let harness = Harness::new()?.profile(Profile::Server2019).seed(&export)?;
//!
//! // An installer that gives up when HTTP.sys refuses its certificate leaves everything as it was.
//! let harness = harness.fault(Fault::at(Call::Set, 1).answers(1312));
//! let installed = harness.command("./install.sh")?.status()?;
//! assert!(!installed.success());
//! harness.assert_unchanged();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It is separate from `certbind-simulator`, since that is linked into the drop-in library, which is
//! loaded into programs under test and should not contain readers of exports.

mod calls;
mod config;
mod differences;
mod error;
mod fault;
mod harness;
mod host_command;
mod installed;
mod kit;
mod service;
mod serving;
mod store;
mod watch;
mod wine_prefix;

pub use certbind_httpapi_abi::service::{ListenAddress, TimeoutKey, UrlReservation};
pub use certbind_simulator::{Call, CertificateState, Privilege, Profile, Registration};
pub use certbind_trace::{Entry, Function};
pub use differences::Differences;
pub use error::HarnessError;
pub use fault::Fault;
pub use harness::Harness;
pub use host_command::{HostChild, HostCommand};
pub use kit::Kit;
pub use serving::Serving;
pub use wine_prefix::install_in_wine_prefix;

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

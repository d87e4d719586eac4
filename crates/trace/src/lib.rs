//! Traces of HTTP Server API calls: recording, reading and replaying them.
//!
//! A [`Recorder`] wraps an API and writes a line of JSON for each call: its arguments decoded, its
//! result, when it began and how long it took. [`read`] returns the [`Entry`]s, and [`replay`]
//! makes the same calls to any other API and reports the differences.
//!
//! Use it to find out how a program configures HTTP.sys, and to compare a simulator with Windows.
//!
//! ```
//! use std::sync::Arc;
//!
//! use certbind_httpsys::HttpSysStore;
//! use certbind_simulator::Simulator;
//! use certbind_core::{Binding, BindingStore, MemoryStore, Record, Uuid};
//! use certbind_trace::{Recorder, ReplayOutcome, read, replay};
//!
//! let api = || Simulator::new(Arc::new(MemoryStore::new()));
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("trace.jsonl");
//! # let journal = folder.path().to_owned();
//! let store = HttpSysStore::builder(Recorder::append(api(), &file)?).journal(journal).open()?;
//! store.insert(Binding::new("0.0.0.0:443".parse()?, Record::new([1; 20].into(), None, Uuid::nil()))?)?;
//! drop(store);
//!
//! // On another day, against another simulator:
//! let entries = read(&std::fs::read(&file)?)?;
//! assert!(replay(&api(), &entries).all(|replayed| matches!(replayed, ReplayOutcome::Same)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod code;
mod decode;
mod entry;
mod host_trace;
mod pseudonyms;
mod recorder;
mod replay;

pub use code::code_name;
pub use entry::{Argument, Entry, Function, KeyProperty, QueryResult, TraceError, read};
pub use host_trace::{Divergence, HostTrace, HostTraceError, KnownDifference};
pub use recorder::Recorder;
pub use replay::{ReplayOutcome, replay};

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! interchange on published samples, in every form it reads and writes.
#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(feature = "archives")]
mod archives;
mod broken;
mod cases;
mod desired;
mod encodings;
mod json;
mod languages;
mod layouts;
mod listings;
mod mutations;
mod powershell;
mod registry;
mod releases;
mod round_trips;
mod samples;
mod script;
mod snapshot;
mod streaming;
mod translations;

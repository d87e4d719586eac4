//! What netsh prints, exits with and does to the store, in every profile.

#![allow(clippy::unwrap_used)]

mod behaviour;
mod bench;
mod dump;
mod json;
mod options;
mod program;
mod properties;
mod samples;
mod service;
mod sessions;
mod streaming;
mod transcripts;

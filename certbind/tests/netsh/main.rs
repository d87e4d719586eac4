//! The output, exit codes and effects of netsh, in every profile.

#![allow(clippy::unwrap_used)]

mod behaviour;
mod bench;
mod corrected;
mod documented;
mod dump;
mod json;
mod languages;
mod options;
mod profiles;
mod program;
mod properties;
mod public;
mod samples;
mod service;
mod sessions;
mod streaming;
mod transcripts;

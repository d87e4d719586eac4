//! Servers over bindings, met by real clients.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod certificates;
mod changes;
mod clients;
mod features;
mod hostile;
mod names;
mod programs;
mod upstream;

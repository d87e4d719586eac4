//! A store over a real etcd: what the conformance suite does not ask.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod answers;
mod fleet;
mod limits;
mod samples;
mod secured;

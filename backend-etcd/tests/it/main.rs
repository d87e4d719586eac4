//! Tests of a store in a real etcd, in addition to the conformance suite.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod answers;
mod fleet;
mod limits;
mod samples;
mod secured;

//! Comparing and moving bindings, by the program.
#![allow(missing_docs, clippy::unwrap_used)]

mod applying;
mod bench;
#[cfg(target_os = "linux")]
#[path = "../common/mod.rs"]
mod common;
mod confirming;
mod desired;
mod diff;
mod file_names;
mod guards;
mod healing;
#[cfg(target_os = "linux")]
mod hosts;
mod killed;
mod listings;
mod owners;
mod plan_targets;
mod planning;
mod renewing;
mod setting;

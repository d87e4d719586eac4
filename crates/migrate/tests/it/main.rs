//! Plans and comparisons, on every backend.
#![allow(missing_docs, clippy::unwrap_used)]

mod backends;
mod diff;
mod fleet_plans;
mod mappings;
mod plan_files;
mod properties;
mod renewals;
mod stale;
mod warnings;

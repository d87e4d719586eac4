//! The calls that a simulated host has answered so far.

use std::collections::HashMap;

use certbind_core::{BindingKey, CertHash, ExtendedProperties};

/// Counts of calls, remains of deletions, and deletions in progress.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) calls: u64,
    pub(crate) queries: u64,
    pub(crate) writes: u64,
    pub(crate) enumerations: u64,
    pub(crate) refused_sets: u32,
    pub(crate) left: HashMap<BindingKey, ExtendedProperties>,
    /// How often each certificate was used.
    pub(crate) uses: HashMap<CertHash, u32>,
    /// Keys that are deleted, and after how many queries this takes effect.
    pub(crate) deleting: HashMap<BindingKey, u32>,
}

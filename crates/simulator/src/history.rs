//! The calls that a simulated host has answered so far.

use std::collections::HashMap;

use certbind_core::{BindingKey, ExtendedProperties};

/// Counts of calls, and what deletions have left.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) calls: u64,
    pub(crate) queries: u64,
    pub(crate) writes: u64,
    pub(crate) enumerations: u64,
    pub(crate) refused_sets: u32,
    pub(crate) left: HashMap<BindingKey, ExtendedProperties>,
}

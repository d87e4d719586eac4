//! What a backend promises, where backends differ.

use std::num::NonZeroUsize;

use crate::key::Kind;

/// Where a backend promises less than the most. The conformance suite checks exactly what is
/// promised here.
///
/// ```
/// use certbind_core::{BindingStore, MemoryStore};
///
/// let promised = MemoryStore::new().capabilities();
/// assert!(promised.snapshot_scan && !promised.durable);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The kinds of key that can be bound; others answer
    /// [`StoreError::Unsupported`](crate::StoreError::Unsupported). In canonical order.
    pub kinds: Vec<Kind>,
    /// Whether changes can be made at all.
    pub writable: bool,
    /// Whether a change that was acknowledged outlives the process and a power cut.
    pub durable: bool,
    /// Whether a scan shows the store at one instant.
    pub snapshot_scan: bool,
    /// Whether a reader can never see a batch half applied. Where this is false a batch is still
    /// atomic: it happens whole or is undone.
    pub isolated_batch: bool,
    /// Whether a record of the kind [`Kind::Ccs`] may carry options. HTTP.sys refuses them. Extended
    /// properties are none of them.
    pub ccs_options: bool,
    /// Whether a record may have extended properties. Where this is false, one that has some
    /// answers [`StoreError::Unsupported`](crate::StoreError::Unsupported): a Windows without them
    /// has no place for them.
    pub extended_properties: bool,
    /// The most changes in one batch, where there is a limit.
    pub max_batch: Option<NonZeroUsize>,
}

impl Capabilities {
    /// Everything: what the design promises of a store.
    #[must_use]
    pub fn full() -> Self {
        Self {
            kinds: Kind::ALL.to_vec(),
            writable: true,
            durable: true,
            snapshot_scan: true,
            isolated_batch: true,
            ccs_options: true,
            extended_properties: true,
            max_batch: None,
        }
    }
}

//! The guarantees of a backend, where backends differ.

use std::num::NonZeroUsize;

use crate::kind::Kind;

/// The guarantees of a store. The conformance suite checks a store against its declaration.
///
/// A backend starts with [`full`](Self::full) and declares what it lacks. Later versions may add
/// fields; their value in `full` is the strongest guarantee.
///
/// ```
/// use certbind_core::{Capabilities, Kind};
/// use std::num::NonZeroUsize;
///
/// // A store in memory, without keys of the central certificate store, for batches of up to 100
/// // changes.
/// let declared = Capabilities::full()
///     .with_durable(false)
///     .with_multi_process(false)
///     .with_kinds([Kind::Sni, Kind::IpPort])
///     .with_max_batch(NonZeroUsize::new(100));
/// assert_eq!(declared.kinds, [Kind::IpPort, Kind::Sni]);
/// assert!(declared.point_in_time_scan && !declared.durable);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The kinds of key that can be bound, in canonical order. Operations on other kinds return
    /// [`StoreError::Unsupported`](crate::StoreError::Unsupported).
    pub kinds: Vec<Kind>,
    /// Whether bindings can be changed.
    pub writable: bool,
    /// Whether an acknowledged change survives the end of the process and a power failure.
    pub durable: bool,
    /// Whether another process can open the same store, at the same time or after this one has ended.
    /// If this is false, the conformance suite cannot kill a process that changes the store, and its
    /// report says `durability_not_checked`.
    pub multi_process: bool,
    /// Whether a scan shows the store at one instant.
    pub point_in_time_scan: bool,
    /// Whether a concurrent reader never sees a batch half applied. If this is false, a batch is
    /// still atomic: it is applied as a whole or undone.
    pub isolated_batch: bool,
    /// Whether a record of the kind [`Kind::Ccs`] may have options
    /// ([`Record::has_options`](crate::Record::has_options)). HTTP.sys refuses them.
    pub ccs_options: bool,
    /// Whether a record may have extended properties. If this is false, such a record returns
    /// [`StoreError::Unsupported`](crate::StoreError::Unsupported). Older
    /// versions of Windows have no extended properties.
    pub extended_properties: bool,
    /// The maximum number of changes in one batch; `None` if there is no limit.
    pub max_batch: Option<NonZeroUsize>,
    /// The number of keys up to which the guarantees are tested; `None` for the conformance suite's
    /// own maximum (10,000). The store takes more, but its cost grows so that no test tries it.
    pub tested_keys: Option<NonZeroUsize>,
}

impl Capabilities {
    /// Every guarantee, without limits.
    #[must_use]
    pub fn full() -> Self {
        Self {
            kinds: Kind::ALL.to_vec(),
            writable: true,
            durable: true,
            multi_process: true,
            point_in_time_scan: true,
            isolated_batch: true,
            ccs_options: true,
            extended_properties: true,
            max_batch: None,
            tested_keys: None,
        }
    }

    /// Sets the kinds of key that can be bound.
    #[must_use]
    pub fn with_kinds(mut self, kinds: impl IntoIterator<Item = Kind>) -> Self {
        self.kinds = kinds.into_iter().collect();
        self.kinds.sort_unstable();
        self.kinds.dedup();
        self
    }

    /// Sets whether bindings can be changed.
    #[must_use]
    pub fn with_writable(mut self, writable: bool) -> Self {
        self.writable = writable;
        self
    }

    /// Sets whether an acknowledged change survives a power failure.
    #[must_use]
    pub fn with_durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// Sets whether another process can open the same store.
    #[must_use]
    pub fn with_multi_process(mut self, multi_process: bool) -> Self {
        self.multi_process = multi_process;
        self
    }

    /// Sets whether a scan shows the store at one instant.
    #[must_use]
    pub fn with_point_in_time_scan(mut self, point_in_time_scan: bool) -> Self {
        self.point_in_time_scan = point_in_time_scan;
        self
    }

    /// Sets whether a concurrent reader never sees a batch half applied.
    #[must_use]
    pub fn with_isolated_batch(mut self, isolated_batch: bool) -> Self {
        self.isolated_batch = isolated_batch;
        self
    }

    /// Sets whether a record of the kind [`Kind::Ccs`] may have options.
    #[must_use]
    pub fn with_ccs_options(mut self, ccs_options: bool) -> Self {
        self.ccs_options = ccs_options;
        self
    }

    /// Sets whether a record may have extended properties.
    #[must_use]
    pub fn with_extended_properties(mut self, extended_properties: bool) -> Self {
        self.extended_properties = extended_properties;
        self
    }

    /// Sets the maximum number of changes in one batch, or removes the limit.
    #[must_use]
    pub fn with_max_batch(mut self, max_batch: impl Into<Option<NonZeroUsize>>) -> Self {
        self.max_batch = max_batch.into();
        self
    }

    /// Sets the number of keys up to which the guarantees are tested, or removes the limit.
    #[must_use]
    pub fn with_tested_keys(mut self, tested_keys: impl Into<Option<NonZeroUsize>>) -> Self {
        self.tested_keys = tested_keys.into();
        self
    }
}

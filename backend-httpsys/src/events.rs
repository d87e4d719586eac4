//! Events for the `tracing` feature. Without it, nothing is logged.

#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, info, warn};

#[cfg(not(feature = "tracing"))]
macro_rules! no_event {
    ($($argument:tt)*) => {{}};
}

#[cfg(not(feature = "tracing"))]
pub(crate) use {no_event as debug, no_event as info, no_event as warn};

/// A batch that was cut off is undone: the numbers of keys that were restored, are in conflict, and that
/// Windows stores otherwise.
#[cfg_attr(
    not(feature = "tracing"),
    allow(unused_variables, reason = "the numbers are fields of the event")
)]
pub(crate) fn interrupted_batch_undone([restored, conflicts, kept]: [usize; 3]) {
    info!(restored, conflicts, kept, "interrupted batch rolled back");
}

//! Events for the `tracing` feature. Without it, nothing is logged.

#[cfg(feature = "tracing")]
pub(crate) use tracing::{debug, info, warn};

#[cfg(not(feature = "tracing"))]
macro_rules! no_event {
    ($($argument:tt)*) => {{}};
}

#[cfg(not(feature = "tracing"))]
pub(crate) use {no_event as debug, no_event as info, no_event as warn};

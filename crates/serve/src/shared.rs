//! The data shared by all connections.

use std::sync::Arc;

use tokio::sync::watch;

use crate::answer::Upstream;
use crate::limits::Limits;
use crate::refresh::Current;
use crate::report::Event;

/// The function for events.
pub(crate) type Events = dyn Fn(Event<'_>) + Send + Sync;

/// The data shared by all connections.
pub(crate) struct Shared {
    pub(crate) current: Current,
    pub(crate) upstream: Option<Arc<Upstream>>,
    pub(crate) limits: Limits,
    pub(crate) events: Box<Events>,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Waits until the server stops.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the server was dropped.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

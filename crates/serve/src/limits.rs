//! Limits on clients, and the connections that make room for others.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// The limits on memory and time, which hold for any client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of connections. Default: 512.
    pub connections: usize,
    /// The maximum time of a handshake. Default: 10 seconds.
    pub handshake: Duration,
    /// The maximum time until the head of a request is complete, which is also the time that a
    /// connection may be idle. Default: 30 seconds.
    pub request_head: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            handshake: Duration::from_secs(10),
            request_head: Duration::from_secs(30),
        }
    }
}

/// The open connections, in the order in which they began to wait for their client.
///
/// If there are too many, the one that has waited longest for a handshake or a first request is
/// closed; if all have sent a request, the oldest one is.
#[derive(Debug)]
pub(crate) struct Connections {
    limit: usize,
    next: AtomicU64,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    waiting: BTreeMap<u64, Arc<Notify>>,
    active: BTreeMap<u64, Arc<Notify>>,
}

/// A connection's place; it is freed when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    connections: Arc<Connections>,
    id: u64,
    evicted: Arc<Notify>,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit: limit.max(1),
            next: AtomicU64::new(0),
            open: Mutex::default(),
        })
    }

    /// A slot for a new connection. If there are too many connections, another one is asked to
    /// close.
    pub(crate) fn enter(self: &Arc<Self>) -> Slot {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let evicted = Arc::new(Notify::new());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        while open.waiting.len() + open.active.len() >= self.limit {
            open.evict_oldest();
        }
        open.waiting.insert(id, Arc::clone(&evicted));
        Slot {
            connections: Arc::clone(self),
            id,
            evicted,
        }
    }

    /// Makes room because the system has none, such as for descriptors.
    pub(crate) fn make_room(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.evict_oldest();
    }
}

impl Open {
    fn evict_oldest(&mut self) {
        let oldest = self.waiting.pop_first().or_else(|| self.active.pop_first());
        if let Some((_, evicted)) = oldest {
            evicted.notify_one();
        }
    }
}

impl Slot {
    /// Waits until the connection has to make room.
    pub(crate) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// The client has sent a request.
    pub(crate) fn activate(&self) {
        let open = &self.connections.open;
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(evicted) = open.waiting.remove(&self.id) {
            open.active.insert(self.id, evicted);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let open = &self.connections.open;
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        open.waiting.remove(&self.id);
        open.active.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_waiting_connection_makes_room() {
        let connections = Connections::new(2);
        let [first, second] = [connections.enter(), connections.enter()];
        first.activate();
        let third = connections.enter();
        let ids = |map: &BTreeMap<u64, Arc<Notify>>| map.keys().copied().collect::<Vec<_>>();
        {
            let open = connections.open.lock().unwrap();
            assert_eq!((ids(&open.active), ids(&open.waiting)), (vec![0], vec![2]));
        }
        third.activate();
        let fourth = connections.enter();
        drop((second, first));
        let open = connections.open.lock().unwrap();
        assert_eq!((ids(&open.active), ids(&open.waiting)), (vec![2], vec![3]));
        drop(open);
        drop((third, fourth));
        let open = connections.open.lock().unwrap();
        assert!(open.active.is_empty() && open.waiting.is_empty());
    }
}

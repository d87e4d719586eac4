//! The sessions that the server keeps for resumption.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::server::StoresServerSessions;

/// The bytes of all sessions together, for any number of bindings and clients. A session without a
/// client certificate has 200 to 300.
const MAX_BYTES: usize = 8 << 20;

/// The bytes that the tables need for a session, roughly.
const OVERHEAD: usize = 128;

/// The sessions of all bindings. The oldest are forgotten if there are too many.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    kept: Mutex<Generations>,
    next_group: AtomicU64,
}

/// Two halves: when the newer one is full, the older one is forgotten. Every operation takes the same
/// time, for any number of sessions.
#[derive(Debug, Default)]
struct Generations {
    newer: HashMap<Vec<u8>, Vec<u8>>,
    older: HashMap<Vec<u8>, Vec<u8>>,
    newer_bytes: usize,
}

/// The sessions of one configuration. Another one cannot resume them.
#[derive(Debug)]
pub(crate) struct SessionGroup {
    all: Arc<Sessions>,
    group: u64,
}

impl Sessions {
    /// A group without sessions.
    pub(crate) fn group(self: &Arc<Self>) -> SessionGroup {
        SessionGroup {
            all: Arc::clone(self),
            group: self.next_group.fetch_add(1, Ordering::Relaxed),
        }
    }
}

impl Generations {
    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.older.remove(&key);
        self.newer_bytes += key.len() + value.len() + OVERHEAD;
        self.newer.insert(key, value);
        if self.newer_bytes > MAX_BYTES / 2 {
            self.older = mem::take(&mut self.newer);
            self.newer_bytes = 0;
        }
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let found = self.newer.get(key).or_else(|| self.older.get(key));
        found.cloned()
    }

    fn take(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        if let Some(value) = self.newer.remove(key) {
            self.newer_bytes = self
                .newer_bytes
                .saturating_sub(key.len() + value.len() + OVERHEAD);
            return Some(value);
        }
        self.older.remove(key)
    }
}

impl SessionGroup {
    fn key(&self, key: &[u8]) -> Vec<u8> {
        [&self.group.to_le_bytes(), key].concat()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Generations) -> T) -> T {
        work(&mut self.all.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl StoresServerSessions for SessionGroup {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let key = self.key(&key);
        self.with(|kept| kept.put(key, value));
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let key = self.key(key);
        self.with(|kept| kept.get(&key))
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let key = self.key(key);
        self.with(|kept| kept.take(&key))
    }

    fn can_cache(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_do_not_share_sessions() {
        let all = Arc::new(Sessions::default());
        let [a, b] = [all.group(), all.group()];
        a.put(vec![1], vec![7]);
        assert_eq!((a.get(&[1]), b.get(&[1])), (Some(vec![7]), None));
        assert_eq!((b.take(&[1]), a.take(&[1])), (None, Some(vec![7])));
        assert_eq!(a.get(&[1]), None);
    }

    #[test]
    fn memory_is_bounded_and_recent_sessions_are_kept() {
        let all = Arc::new(Sessions::default());
        let groups: Vec<_> = (0..10).map(|_| all.group()).collect();
        for number in 0_u32..200_000 {
            let group = &groups[number as usize % groups.len()];
            group.put(number.to_le_bytes().to_vec(), vec![0; 200]);
            if number >= 1_000 {
                let recent = number - 1_000;
                let group = &groups[recent as usize % groups.len()];
                assert!(group.get(&recent.to_le_bytes()).is_some(), "{number}");
            }
        }
        let kept = all.kept.lock().unwrap();
        let each = kept.newer.iter().chain(&kept.older);
        let bytes: usize = each
            .map(|(key, value)| key.len() + value.len() + OVERHEAD)
            .sum();
        assert!(bytes <= MAX_BYTES + 400, "{bytes}");
        assert!(bytes > MAX_BYTES / 3, "{bytes}");
    }
}

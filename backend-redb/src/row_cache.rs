//! The row cache: decoded bindings, valid until bindings are written to the file again.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use certbind_core::{Binding, BindingKey};
use foldhash::fast::RandomState;
use papaya::HashSet;

use crate::errors::Cause;

/// The first rows that are read from one view of the file, up to a capacity.
///
/// The cache fills only after a sixteenth as many `get`s as its capacity, so a program that reads a
/// few bindings and then writes pays nothing. It is disabled for stores so large that most lookups
/// would miss.
pub(crate) struct RowCache {
    capacity: usize,
    enabled: bool,
    gets: AtomicUsize,
    kept: AtomicUsize,
    bindings: OnceLock<HashSet<ByKey, RandomState>>,
}

/// A binding that hashes and compares by its key.
pub(crate) struct ByKey(pub(crate) Binding);

impl RowCache {
    /// A cache for a store with this number of blocks, of some 30 bindings each.
    pub(crate) fn new(capacity: usize, blocks: u64) -> Self {
        Self {
            capacity,
            enabled: capacity > 0 && capacity as u64 / 16 >= blocks,
            gets: AtomicUsize::new(0),
            kept: AtomicUsize::new(0),
            bindings: OnceLock::new(),
        }
    }

    /// The most rows that it can contain.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// The row of a key, from the cache or from `read`.
    pub(crate) fn get(
        &self,
        key: &BindingKey,
        read: impl FnOnce() -> Result<Option<Binding>, Cause>,
    ) -> Result<Option<Binding>, Cause> {
        let Some(bindings) = self.bindings() else {
            return read();
        };
        let pinned = bindings.pin();
        if let Some(ByKey(binding)) = pinned.get(key) {
            return Ok(Some(binding.clone()));
        }
        let found = read()?;
        if let Some(binding) = &found
            && self.kept.load(Ordering::Relaxed) < self.capacity
            && pinned.insert(ByKey(binding.clone()))
        {
            self.kept.fetch_add(1, Ordering::Relaxed);
        }
        Ok(found)
    }

    fn bindings(&self) -> Option<&HashSet<ByKey, RandomState>> {
        if let Some(bindings) = self.bindings.get() {
            return Some(bindings);
        }
        if !self.enabled || self.gets.fetch_add(1, Ordering::Relaxed) < self.capacity / 16 {
            return None;
        }
        Some(self.bindings.get_or_init(HashSet::default))
    }
}

impl PartialEq for ByKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.key() == other.0.key()
    }
}

impl Eq for ByKey {}

impl Hash for ByKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.key().hash(state);
    }
}

impl Borrow<BindingKey> for ByKey {
    fn borrow(&self) -> &BindingKey {
        self.0.key()
    }
}

#[cfg(test)]
mod tests {
    use certbind_core::{Record, Uuid};

    use super::*;
    use crate::shared_error::Stopped;

    fn binding(n: u16) -> Binding {
        let record = Record::central(Uuid::nil());
        Binding::new(format!("ccs={}", n + 1).parse().unwrap(), record).unwrap()
    }

    /// How often each of these was read when all are requested `times` times.
    fn reads(row_cache: &RowCache, many: u16, times: usize) -> Vec<usize> {
        let reads = |n| {
            let binding = binding(n);
            let mut count = 0;
            for _ in 0..times {
                let read = || {
                    count += 1;
                    Ok(Some(binding.clone()))
                };
                let found = row_cache.get(binding.key(), read).unwrap();
                assert_eq!(found.as_ref(), Some(&binding));
            }
            count
        };
        (0..many).map(reads).collect()
    }

    #[test]
    fn row_cache_reads_each_row_once_up_to_capacity() {
        let row_cache = RowCache::new(3, 0);
        assert_eq!(reads(&row_cache, 5, 4), [1, 1, 1, 4, 4]);
        assert_eq!(reads(&row_cache, 5, 1), [0, 0, 0, 1, 1]);
        assert_eq!(reads(&RowCache::new(0, 0), 2, 3), [3, 3]);
        assert_eq!(reads(&RowCache::new(64, 5), 5, 3), [3; 5]);
    }

    #[test]
    fn few_gets_fill_no_cache() {
        let row_cache = RowCache::new(64, 4);
        assert_eq!(reads(&row_cache, 2, 2), [2, 2]);
        assert!(row_cache.bindings.get().is_none());
        assert_eq!(reads(&row_cache, 1, 2), [1]);
    }

    #[test]
    fn missing_and_failed_rows_are_not_cached() {
        let row_cache = RowCache::new(1, 0);
        let key = binding(0).key().clone();
        assert!(row_cache.get(&key, || Ok(None)).unwrap().is_none());
        let failed = row_cache.get(&key, || Err(Cause::Failed(Stopped::because(""))));
        assert!(failed.is_err());
        assert_eq!(reads(&row_cache, 1, 2), [1]);
    }
}

//! Entries that wait to be written, in one buffer, and the choice of the entries of a block.

use std::collections::VecDeque;

use crate::block::{BlockBuilder, KeyValue, common, entry_len};

/// The most bytes of a block with its key, unless it holds a single longer binding. Two such blocks
/// fill a page of 4 KiB with redb's own overhead.
pub(crate) const MAX_BLOCK_LEN: usize = 2_020;

/// Entries in one buffer.
#[derive(Default)]
pub(crate) struct PendingEntries {
    /// Keys, each followed by its value.
    bytes: Vec<u8>,
    lengths: VecDeque<Lengths>,
    /// Their length in a single block.
    len: usize,
}

impl PendingEntries {
    /// Their length in a single block.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    pub(crate) fn push(&mut self, (key, value): KeyValue<'_>) {
        // The first entry starts a block and shares nothing.
        let shared = match self.lengths.back() {
            Some(last) => {
                let start = self.bytes.len() - last.value - last.key;
                common(&self.bytes[start..][..last.key], key)
            }
            None => 0,
        };
        let lengths = Lengths {
            key: key.len(),
            value: value.len(),
            shared,
            len: entry_len(shared, key.len() - shared, value.len()),
        };
        self.len += lengths.len;
        self.lengths.push_back(lengths);
        self.bytes.extend(key);
        self.bytes.extend(value);
    }

    /// Moves entries into a block until it is long enough.
    pub(crate) fn take(&mut self, block: &mut BlockBuilder, enough: usize) {
        let mut start = 0;
        while let Some(next) = self.lengths.front() {
            let is_full = block.len() >= enough || block.len() + next.len > MAX_BLOCK_LEN;
            if is_full && !block.is_empty() {
                break;
            }
            let (key, behind) = self.bytes[start..].split_at(next.key);
            block.push(next.shared, key, &behind[..next.value]);
            start += next.key + next.value;
            self.len -= next.len;
            self.lengths.pop_front();
        }
        self.bytes.drain(..start);
    }
}

struct Lengths {
    key: usize,
    value: usize,
    /// Bytes that its key shares with the key before.
    shared: usize,
    /// Its length in a block, after the entry before it.
    len: usize,
}

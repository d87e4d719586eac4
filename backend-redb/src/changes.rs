//! Changes as bytes. Of large batches a second thread encodes while the first one writes.

use std::borrow::Borrow;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread;

use certbind_core::codec::{append_entry, append_key};
use certbind_core::{Binding, BindingKey, Outcome};

/// From this many changes on, a second thread pays.
const THREAD_THRESHOLD: usize = 10_000;

/// Changes in a chunk, and chunks that are encoded ahead: some 100 KiB each.
pub(crate) const CHUNK: usize = 1_024;
const AHEAD: usize = 4;

/// A binding's key, and its value; `None` removes the binding.
pub(crate) type EncodedChange<'a> = (&'a [u8], Option<&'a [u8]>);

/// Changes in one allocation: separate ones, allocated in one thread and freed in another, take
/// three times as long.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    ends: Vec<End>,
}

/// Where the bytes of a change end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End {
    key: usize,
    value: Option<usize>,
}

impl Chunk {
    pub(crate) fn push(&mut self, (key, value): EncodedChange<'_>) {
        self.bytes.extend(key);
        let key = self.bytes.len();
        let value = value.map(|value| {
            self.bytes.extend(value);
            self.bytes.len()
        });
        self.ends.push(End { key, value });
    }

    pub(crate) fn encode(outcomes: &[impl Borrow<Outcome>]) -> Self {
        let mut chunk = Self::with_capacity(outcomes.len());
        for outcome in outcomes {
            let outcome = outcome.borrow();
            chunk.encode_one(&outcome.key, outcome.after.as_ref());
        }
        chunk
    }

    pub(crate) fn with_capacity(changes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(96 * changes),
            ends: Vec::with_capacity(changes),
        }
    }

    /// Appends a change, and returns the bytes of its key.
    pub(crate) fn encode_one(&mut self, key: &BindingKey, becomes: Option<&Binding>) -> &[u8] {
        let bytes = &mut self.bytes;
        let start = bytes.len();
        let end = match becomes {
            Some(binding) => End {
                key: append_entry(binding, bytes),
                value: Some(bytes.len()),
            },
            None => {
                append_key(key, bytes);
                End {
                    key: bytes.len(),
                    value: None,
                }
            }
        };
        self.ends.push(end);
        &self.bytes[start..end.key]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = EncodedChange<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let change = self.change(start, *end);
            start = end.value.unwrap_or(end.key);
            change
        })
    }

    fn change(&self, start: usize, end: End) -> EncodedChange<'_> {
        let value = end.value.map(|value| &self.bytes[end.key..value]);
        (&self.bytes[start..end.key], value)
    }
}

impl<'a> FromIterator<EncodedChange<'a>> for Chunk {
    fn from_iter<T: IntoIterator<Item = EncodedChange<'a>>>(changes: T) -> Self {
        let mut chunk = Self::default();
        for change in changes {
            chunk.push(change);
        }
        chunk
    }
}

/// Reads changes one at a time, in key order, each key once.
pub(crate) struct ChangeReader<'a> {
    chunk: Chunk,
    /// The next change of the chunk, and its offset.
    next: usize,
    start: usize,
    more: &'a mut dyn Iterator<Item = Chunk>,
}

impl<'a> ChangeReader<'a> {
    pub(crate) fn new(chunks: &'a mut dyn Iterator<Item = Chunk>) -> Self {
        Self {
            chunk: Chunk::default(),
            next: 0,
            start: 0,
            more: chunks,
        }
    }

    /// The next change, without consuming it.
    pub(crate) fn peek(&mut self) -> Option<EncodedChange<'_>> {
        while self.next == self.chunk.ends.len() {
            self.chunk = self.more.next()?;
            (self.next, self.start) = (0, 0);
        }
        Some(self.chunk.change(self.start, self.chunk.ends[self.next]))
    }

    /// The next change, if it is alone in its chunk, as in a batch of one change.
    pub(crate) fn peek_alone(&mut self) -> Option<EncodedChange<'_>> {
        self.peek()?;
        match self.chunk.ends[..] {
            [end] => Some(self.chunk.change(0, end)),
            _ => None,
        }
    }

    /// The next change, if its key is less than `before` or `before` is `None`.
    pub(crate) fn next_before(&mut self, before: Option<&[u8]>) -> Option<EncodedChange<'_>> {
        let (key, _) = self.peek()?;
        if before.is_some_and(|before| key >= before) {
            return None;
        }
        let (start, end) = (self.start, self.chunk.ends[self.next]);
        self.start = end.value.unwrap_or(end.key);
        self.next += 1;
        Some(self.chunk.change(start, end))
    }
}

/// Calls `write` with the encoded outcomes, in this order.
pub(crate) fn encode_outcomes<T>(
    outcomes: &[&Outcome],
    write: impl FnOnce(&mut dyn Iterator<Item = Chunk>) -> T,
) -> T {
    let mut chunks = outcomes.chunks(CHUNK).map(Chunk::encode);
    match outcomes.len() {
        ..THREAD_THRESHOLD => write(&mut chunks),
        _ => encode_ahead(&mut chunks, write),
    }
}

/// Calls `write` with chunks that a second thread encodes a few ahead.
pub(crate) fn encode_ahead<T>(
    chunks: &mut (impl Iterator<Item = Chunk> + Send),
    write: impl FnOnce(&mut dyn Iterator<Item = Chunk>) -> T,
) -> T {
    // Which thread takes them is decided once the second thread has started.
    let chunks = &Mutex::new(chunks);
    let locked = || chunks.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|scope| {
        let (to, from) = sync_channel(AHEAD);
        // Ends early if writing failed and the receiver was dropped.
        let make = move || locked().try_for_each(|chunk| to.send(chunk));
        let maker = thread::Builder::new().name("certbind encodes".to_owned());
        match maker.spawn_scoped(scope, make) {
            Ok(_) => write(&mut from.into_iter()),
            // Without a second thread it merely takes longer.
            Err(_) => write(&mut **locked()),
        }
    })
}

#[cfg(test)]
mod tests {
    use certbind_core::codec::{encode_binding, encode_key};
    use certbind_core::{Batch, BindingKey, Record, Uuid};

    use super::*;

    fn key(n: usize) -> BindingKey {
        format!("10.0.{}.{}:443", n >> 8, n & 255).parse().unwrap()
    }

    /// Every third is a removal.
    fn outcomes(count: usize) -> Vec<Outcome> {
        let changes = (0..count).map(|n| {
            if n % 3 == 0 {
                return certbind_core::Change::new(key(n), certbind_core::Precondition::Any, None)
                    .unwrap();
            }
            let record = Record::new([7; 20].into(), None, Uuid::nil());
            certbind_core::Change::insert(certbind_core::Binding::new(key(n), record).unwrap())
        });
        let batch = Batch::new(changes).unwrap();
        batch.check(|_| Ok(None)).unwrap().outcomes().to_vec()
    }

    #[test]
    fn threaded_encoding_preserves_order() {
        for count in [
            0,
            1,
            CHUNK,
            CHUNK + 1,
            THREAD_THRESHOLD - 1,
            THREAD_THRESHOLD,
            THREAD_THRESHOLD + CHUNK / 2,
        ] {
            let outcomes = outcomes(count);
            let of: Vec<_> = outcomes.iter().collect();
            let mut found = Vec::new();
            encode_outcomes(&of, |chunks| {
                let mut changes = ChangeReader::new(chunks);
                while let Some((key, value)) = changes.next_before(None) {
                    found.push((key.to_vec(), value.map(<[u8]>::to_vec)));
                }
            });
            let one_by_one: Vec<_> = outcomes
                .iter()
                .map(|o| (encode_key(&o.key), o.after.as_ref().map(encode_binding)))
                .collect();
            assert!(found == one_by_one, "{count}");
        }
    }

    #[test]
    fn peeked_change_stays_next() {
        let mut chunks = [
            Chunk::default(),
            Chunk::from_iter([(&b"a"[..], Some(&b"1"[..])), (b"b", None)]),
            Chunk::from_iter([(&b"c"[..], None)]),
        ]
        .into_iter();
        let mut changes = ChangeReader::new(&mut chunks);
        assert_eq!(changes.next_before(Some(b"a")), None);
        assert_eq!(changes.peek(), Some((&b"a"[..], Some(&b"1"[..]))));
        assert_eq!(changes.next_before(Some(b"b")).unwrap().0, b"a");
        assert_eq!(changes.next_before(Some(b"b")), None);
        assert_eq!(changes.next_before(Some(b"c")), Some((&b"b"[..], None)));
        assert_eq!(changes.next_before(None), Some((&b"c"[..], None)));
        assert_eq!(changes.peek(), None);
    }

    #[test]
    fn early_end_does_not_wait() {
        let outcomes = outcomes(THREAD_THRESHOLD);
        let of: Vec<_> = outcomes.iter().collect();
        let first = encode_outcomes(&of, |chunks| chunks.next());
        assert_eq!(first, Some(Chunk::encode(&of[..CHUNK])));
    }
}

//! Scans of the file: the byte range of a scan, and its entries.

use std::ops::Bound;

use certbind_core::codec::{encode_key, kind_prefix};
use certbind_core::{Binding, Scan};
use redb::{AccessGuard, ReadOnlyTable};

use crate::block;
use crate::block_table::find_block;
use crate::decode::decode_entry;
use crate::errors::Cause;

type Bytes = (Bound<Vec<u8>>, Bound<Vec<u8>>);

type Table = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// The entries of a range of keys, block by block.
pub(crate) struct Entries {
    range: Bytes,
    /// The remaining blocks.
    blocks: redb::Range<'static, &'static [u8], &'static [u8]>,
    block: Option<CurrentBlock>,
}

/// The block that is being read.
struct CurrentBlock {
    key: AccessGuard<'static, &'static [u8]>,
    bytes: AccessGuard<'static, &'static [u8]>,
    entries: block::EntryReader,
}

impl Entries {
    pub(crate) fn of(blocks: &Table, range: Bytes) -> Result<Self, Cause> {
        // The first entry may be in a block that starts before the range.
        let start = match &range.0 {
            Bound::Included(key) | Bound::Excluded(key) => find_block(blocks, key)?,
            Bound::Unbounded => None,
        };
        let start = match &start {
            Some((key, _)) => Bound::Included(key.value()),
            None => Bound::Unbounded,
        };
        let blocks = blocks.range::<&[u8]>((start, range.1.as_ref().map(Vec::as_slice)))?;
        Ok(Self {
            range,
            blocks,
            block: None,
        })
    }

    pub(crate) fn next(&mut self) -> Result<Option<Binding>, Cause> {
        loop {
            let Some(block) = &mut self.block else {
                let Some((key, bytes)) = self.blocks.next().transpose()? else {
                    return Ok(None);
                };
                let entries = block::EntryReader::of(key.value());
                self.block = Some(CurrentBlock {
                    key,
                    bytes,
                    entries,
                });
                continue;
            };
            let entry = block.entries.next(block.bytes.value());
            let Some((key, value)) =
                entry.map_err(|error| Cause::block(block.key.value(), error))?
            else {
                self.block = None;
                continue;
            };
            if contains(&self.range, key) {
                return decode_entry(key, value).map(Some);
            }
        }
    }
}

fn contains((start, end): &Bytes, key: &[u8]) -> bool {
    let behind_start = match start {
        Bound::Included(start) => key >= start.as_slice(),
        Bound::Excluded(start) => key > start.as_slice(),
        Bound::Unbounded => true,
    };
    behind_start
        && match end {
            Bound::Included(end) => key <= end.as_slice(),
            Bound::Excluded(end) => key < end.as_slice(),
            Bound::Unbounded => true,
        }
}

/// The byte range of a scan; `None` if it is empty.
pub(crate) fn byte_range(scan: &Scan) -> Option<Bytes> {
    if scan.is_empty() {
        return None;
    }
    let (start, end) = scan.bounds();
    let (start, end) = (start.map(encode_key), end.map(encode_key));
    match scan.kind().map(kind_prefix) {
        Some(prefix) => of_prefix(prefix, start, end),
        None => Some((start, end)),
    }
}

/// The part of a range whose keys start with `prefix`.
fn of_prefix(prefix: u8, start: Bound<Vec<u8>>, end: Bound<Vec<u8>>) -> Option<Bytes> {
    let first = |bound: &Bound<Vec<u8>>| match bound {
        Bound::Included(key) | Bound::Excluded(key) => key.first().copied(),
        Bound::Unbounded => None,
    };
    let start = match first(&start) {
        Some(byte) if byte > prefix => return None,
        Some(byte) if byte == prefix => start,
        _ => Bound::Included(vec![prefix]),
    };
    let end = match first(&end) {
        Some(byte) if byte < prefix => return None,
        Some(byte) if byte == prefix => end,
        _ => Bound::Excluded(vec![prefix + 1]),
    };
    Some((start, end))
}

#[cfg(test)]
mod tests {
    use certbind_core::Kind;
    use certbind_core::strategy::{few_keys, scan_of};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn byte_range_matches_scan(
            scan in scan_of(few_keys(&Kind::ALL)),
            keys in proptest::collection::vec(few_keys(&Kind::ALL), 20),
        ) {
            let range = byte_range(&scan);
            for key in keys {
                let inside = range.as_ref().is_some_and(|range| contains(range, &encode_key(&key)));
                prop_assert_eq!(inside, scan.contains(&key), "{}", key);
            }
        }
    }
}

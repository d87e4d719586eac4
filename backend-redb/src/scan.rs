//! Scans of the file: the byte range of a scan, and its entries.

use std::ops::Bound;

use certbind_core::Binding;
use certbind_core::codec::KeyRange;
use redb::{AccessGuard, ReadOnlyTable};

use crate::block;
use crate::block_table::find_block;
use crate::decode::decode_entry;
use crate::errors::Cause;

type Table = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// The entries of a range of keys, block by block.
pub(crate) struct Entries {
    range: KeyRange,
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
    pub(crate) fn of(blocks: &Table, range: KeyRange) -> Result<Self, Cause> {
        // The first entries may be in a block that starts before the range.
        let start = find_block(blocks, &range.start)?;
        let start = match &start {
            Some((key, _)) => Bound::Included(key.value()),
            None => Bound::Unbounded,
        };
        let end = range.end.as_deref();
        let end = end.map_or(Bound::Unbounded, Bound::Excluded);
        let blocks = blocks.range::<&[u8]>((start, end))?;
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
            if self.range.contains(key) {
                return decode_entry(key, value).map(Some);
            }
        }
    }
}

//! The table of blocks: finds the block of a key, and reads it.

use std::ops::Bound;

use redb::{AccessGuard, ReadableTable};

use crate::block::{EntryReader, find};
use crate::errors::Cause;

type Bytes = Vec<u8>;
type Found<'a> = (
    AccessGuard<'a, &'static [u8]>,
    AccessGuard<'a, &'static [u8]>,
);

/// Calls `read` on the value of a key, if the key exists.
pub(crate) fn get<T>(
    blocks: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, Cause>,
) -> Result<Option<T>, Cause> {
    match find_block(blocks, key)? {
        Some((block_key, block)) => value(block_key.value(), block.value(), key, read),
        None => Ok(None),
    }
}

/// As [`get`], for a key that [`write`](crate::block_writer::write) changes next: the whole block is verified, since a damaged
/// block is never rewritten. `whole` is the key of the block that was verified last.
pub(crate) fn get_for_update<T>(
    blocks: &impl ReadableTable<&'static [u8], &'static [u8]>,
    whole: &mut Option<Bytes>,
    key: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, Cause>,
) -> Result<Option<T>, Cause> {
    let Some((block_key, block)) = find_block(blocks, key)? else {
        return Ok(None);
    };
    let (block_key, block) = (block_key.value(), block.value());
    if whole.as_deref() != Some(block_key) {
        let mut entries = EntryReader::of(block_key);
        let damage = |error| Cause::block(block_key, error);
        while entries.next(block).map_err(damage)?.is_some() {}
        *whole = Some(block_key.to_vec());
    }
    value(block_key, block, key, read)
}

fn value<T>(
    block_key: &[u8],
    block: &[u8],
    key: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, Cause>,
) -> Result<Option<T>, Cause> {
    let value = find(block_key, block, key).map_err(|error| Cause::block(block_key, error))?;
    value.map(read).transpose()
}

/// The greatest key. Its block is verified as a whole.
pub(crate) fn last_key(
    blocks: &impl ReadableTable<&'static [u8], &'static [u8]>,
) -> Result<Option<Bytes>, Cause> {
    let Some((block_key, block)) = blocks.last()? else {
        return Ok(None);
    };
    let mut entries = EntryReader::of(block_key.value());
    let mut last = None;
    while let Some((key, _)) = entries
        .next(block.value())
        .map_err(|error| Cause::block(block_key.value(), error))?
    {
        last = Some(key.to_vec());
    }
    Ok(last)
}

/// The block that would contain a key.
pub(crate) fn find_block<'a>(
    blocks: &'a impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Found<'a>>, Cause> {
    Ok(blocks.upper_bound(Bound::Included(key))?.peek_prev()?)
}

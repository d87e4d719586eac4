//! Writes changes into the table of blocks, which are split and merged so that each has a good length.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;

use certbind_core::codec::CodecError;
use redb::{CursorMut, ReadableTable, Table};

use crate::block::{BlockBuilder, EntryReader, KeyValue, splice};
use crate::block_table::find_block;
use crate::changes::{ChangeReader, Chunk, EncodedChange};
use crate::errors::Cause;
use crate::pending_entries::{MAX_BLOCK_LEN, PendingEntries};

/// A block that a removal leaves with fewer bytes is merged with the next.
const MIN_BLOCK_LEN: usize = MAX_BLOCK_LEN / 4;

type Bytes = Vec<u8>;
type BlockTable<'a> = Table<'a, &'static [u8], &'static [u8]>;

/// Writes changes, which come in key order, each key once. [`get_for_update`](crate::block_table::get_for_update) has verified the
/// blocks of these keys; a damaged neighbour is left alone.
pub(crate) fn write(
    blocks: &mut BlockTable<'_>,
    changes: &mut dyn Iterator<Item = Chunk>,
) -> Result<(), Cause> {
    let mut changes = ChangeReader::new(changes);
    if let Some(change) = changes.peek_alone()
        && write_in_place(blocks, change)?
    {
        changes.next_before(None);
    }
    while let Some((key, _)) = changes.peek() {
        let mut rewriting = Rewriting::default();
        let mut end;
        if let Some((key, block)) = find_block(blocks, key)? {
            rewriting.take_in(key.value(), block.value())?;
            end = next_block_key(blocks, key.value())?;
        } else {
            // Keys before the first block go into the first block.
            end = blocks.first()?.map(|(key, _)| key.value().to_vec());
            rewriting.take_in_next(blocks, &mut end)?;
        }
        while let Some(before) = &end {
            while let Some(change) = changes.next_before(Some(before)) {
                rewriting.change(blocks, change)?;
            }
            rewriting.pass_old(blocks)?;
            if !rewriting.is_small() || !rewriting.take_in_next(blocks, &mut end)? {
                break;
            }
        }
        if end.is_some() {
            rewriting.finish(blocks)?;
            rewriting.remove_stale(blocks)?;
            continue;
        }
        // No block follows, so the remaining changes are appended in order.
        rewriting.remove_stale(blocks)?;
        let mut at_end = blocks.upper_bound_mut(Bound::<&[u8]>::Unbounded)?;
        while let Some(change) = changes.next_before(None) {
            rewriting.change(&mut at_end, change)?;
        }
        rewriting.pass_old(&mut at_end)?;
        rewriting.finish(&mut at_end)?;
        at_end.close()?;
    }
    Ok(())
}

/// A destination for blocks.
trait Sink {
    fn put(&mut self, block: KeyValue<'_>) -> Result<(), Cause>;
}

impl Sink for BlockTable<'_> {
    fn put(&mut self, (key, block): KeyValue<'_>) -> Result<(), Cause> {
        self.insert(key, block)?;
        Ok(())
    }
}

/// A cursor after which every block belongs: several times as fast as inserting into the table.
impl Sink for CursorMut<'_, &'static [u8], &'static [u8]> {
    fn put(&mut self, (key, block): KeyValue<'_>) -> Result<(), Cause> {
        Ok(self.insert_before(key, block)?)
    }
}

/// Writes a single change without moving block boundaries, which is possible for nearly all.
fn write_in_place(
    blocks: &mut BlockTable<'_>,
    (key, value): EncodedChange<'_>,
) -> Result<bool, Cause> {
    let (block_key, block) = match find_block(blocks, key)? {
        Some((block_key, block)) if value.is_some() || block_key.value() != key => {
            let spliced = splice(block_key.value(), block.value(), key, value);
            let damage = |error| Cause::block(block_key.value(), error);
            (block_key.value().to_vec(), spliced.map_err(damage)?)
        }
        _ => return Ok(false),
    };
    let is_one = (MIN_BLOCK_LEN..=MAX_BLOCK_LEN).contains(&(block_key.len() + block.len()));
    if is_one {
        blocks.insert(block_key.as_slice(), block.as_slice())?;
    }
    Ok(is_one)
}

fn entries(key: &[u8], block: &[u8]) -> Result<Vec<(Bytes, Bytes)>, CodecError> {
    let mut entries = EntryReader::of(key);
    let mut found = Vec::new();
    while let Some((key, value)) = entries.next(block)? {
        found.push((key.to_vec(), value.to_vec()));
    }
    Ok(found)
}

/// The key of the next block.
fn next_block_key(
    blocks: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Bytes>, Cause> {
    let behind = (Bound::Excluded(key), Bound::Unbounded);
    let next = blocks.range::<&[u8]>(behind)?.next().transpose()?;
    Ok(next.map(|(key, _)| key.value().to_vec()))
}

/// Neighbouring blocks that are being rewritten.
#[derive(Default)]
struct Rewriting {
    /// Keys of the blocks that are replaced.
    stale: BTreeSet<Bytes>,
    /// Their entries that are not yet merged with the changes.
    old: VecDeque<(Bytes, Bytes)>,
    /// Entries that are not yet written.
    new: PendingEntries,
    builder: BlockBuilder,
}

impl Rewriting {
    /// Adds the next block.
    fn take_in(&mut self, key: &[u8], block: &[u8]) -> Result<(), Cause> {
        let entries = entries(key, block).map_err(|error| Cause::block(key, error))?;
        self.old.extend(entries);
        self.stale.insert(key.to_vec());
        Ok(())
    }

    /// Adds the block at `end` and advances `end`. Returns false if there is none or it is damaged.
    fn take_in_next(
        &mut self,
        blocks: &BlockTable<'_>,
        end: &mut Option<Bytes>,
    ) -> Result<bool, Cause> {
        let Some(key) = end else {
            return Ok(false);
        };
        let Some(block) = blocks.get(key.as_slice())? else {
            return Ok(false);
        };
        let is_whole = self.take_in(key, block.value()).is_ok();
        if is_whole {
            *end = next_block_key(blocks, key)?;
        }
        Ok(is_whole)
    }

    fn change(
        &mut self,
        blocks: &mut impl Sink,
        (key, value): EncodedChange<'_>,
    ) -> Result<(), Cause> {
        while let Some((old, value)) = self.old.pop_front() {
            if *old >= *key {
                if *old != *key {
                    self.old.push_front((old, value));
                }
                break;
            }
            self.push(blocks, (&old, &value))?;
        }
        match value {
            Some(value) => self.push(blocks, (key, value)),
            None => Ok(()),
        }
    }

    /// Keeps the remaining old entries.
    fn pass_old(&mut self, blocks: &mut impl Sink) -> Result<(), Cause> {
        while let Some((key, value)) = self.old.pop_front() {
            self.push(blocks, (&key, &value))?;
        }
        Ok(())
    }

    /// Adds an entry. Writes a block once there is enough for several, so that memory is bounded.
    fn push(&mut self, blocks: &mut impl Sink, binding: KeyValue<'_>) -> Result<(), Cause> {
        self.new.push(binding);
        if self.new.len() > 3 * MAX_BLOCK_LEN {
            self.write_block(blocks, MAX_BLOCK_LEN)?;
        }
        Ok(())
    }

    /// Whether the remaining entries are too few for a block of their own.
    fn is_small(&self) -> bool {
        !self.new.is_empty() && self.new.len() < MIN_BLOCK_LEN
    }

    /// Writes all remaining entries.
    fn finish(&mut self, blocks: &mut impl Sink) -> Result<(), Cause> {
        while !self.new.is_empty() {
            // The last two blocks are of equal length, so that both have room.
            let enough = match self.new.len() {
                ..=MAX_BLOCK_LEN => MAX_BLOCK_LEN,
                len => MAX_BLOCK_LEN.min(len / 2),
            };
            self.write_block(blocks, enough)?;
        }
        Ok(())
    }

    fn remove_stale(&mut self, blocks: &mut BlockTable<'_>) -> Result<(), Cause> {
        for key in std::mem::take(&mut self.stale) {
            blocks.remove(key.as_slice())?;
        }
        Ok(())
    }

    /// Writes a block of the first entries.
    fn write_block(&mut self, blocks: &mut impl Sink, enough: usize) -> Result<(), Cause> {
        self.builder.clear();
        self.new.take(&mut self.builder, enough);
        let block = self.builder.block();
        blocks.put(block)?;
        self.stale.remove(block.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;
    use redb::{Builder, TableDefinition};

    use super::*;
    use crate::block_table::get;

    const BLOCKS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("runs");

    fn keys() -> impl Strategy<Value = Bytes> {
        (0..2_000_u16).prop_map(|n| match n % 3 {
            0 => n.to_be_bytes().to_vec(),
            1 => [&[7; 30][..], &n.to_be_bytes()].concat(),
            _ => [&[8; 240][..], &n.to_be_bytes(), &[9; 9]].concat(),
        })
    }

    fn values() -> impl Strategy<Value = Bytes> {
        let length = prop_oneof![20 => 30..90_usize, 1 => 900..6_000_usize, 1 => Just(0)];
        (any::<u8>(), length).prop_map(|(byte, length)| vec![byte; length])
    }

    fn changes() -> impl Strategy<Value = BTreeMap<Bytes, Option<Bytes>>> {
        let value = || prop::option::weighted(0.6, values());
        prop_oneof![
            4 => btree_map(keys(), value(), 1..4),
            2 => btree_map(keys(), value(), 1..200),
            1 => btree_map(keys(), values().prop_map(Some), 100..900),
            1 => btree_map(keys(), Just(None), 100..1_500),
        ]
    }

    fn write_all(
        blocks: &mut BlockTable<'_>,
        changes: impl IntoIterator<Item = (Bytes, Option<Bytes>)>,
    ) {
        let changes: Vec<_> = changes.into_iter().collect();
        let mut chunks = changes.chunks(7).map(|some| {
            let some = some.iter();
            let borrowed = some.map(|(key, value)| (key.as_slice(), value.as_deref()));
            borrowed.collect::<Chunk>()
        });
        write(blocks, &mut chunks).unwrap();
    }

    /// The contents of the blocks. Checks that each is sorted, follows the one before and is not
    /// too long.
    fn read(blocks: &BlockTable<'_>) -> BTreeMap<Bytes, Bytes> {
        let mut found: BTreeMap<Bytes, Bytes> = BTreeMap::new();
        for entry in blocks.range::<&[u8]>(..).unwrap() {
            let (block_key, block) = entry.unwrap();
            let mut entries = EntryReader::of(block_key.value());
            let mut count = 0;
            while let Some((key, value)) = entries.next(block.value()).unwrap() {
                assert!(found.last_key_value().is_none_or(|(last, _)| **last < *key));
                found.insert(key.to_vec(), value.to_vec());
                count += 1;
            }
            assert!(count == 1 || block_key.value().len() + block.value().len() <= MAX_BLOCK_LEN);
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn block_table_matches_model(
            steps in vec(changes(), 1..20),
            sought in vec(keys(), 30),
        ) {
            let database = Builder::new().create_with_backend(InMemoryBackend::new()).unwrap();
            let transaction = database.begin_write().unwrap();
            let mut blocks = transaction.open_table(BLOCKS).unwrap();
            let mut model = BTreeMap::new();
            for changes in steps {
                for (key, value) in &changes {
                    match value {
                        Some(value) => model.insert(key.clone(), value.clone()),
                        None => model.remove(key),
                    };
                }
                write_all(&mut blocks, changes);
                prop_assert_eq!(&read(&blocks), &model);
                for key in &sought {
                    let found = get(&blocks, key, |value| Ok(value.to_vec())).unwrap();
                    prop_assert_eq!(found.as_ref(), model.get(key));
                }
            }
        }
    }

    #[test]
    fn blocks_fill_in_order_and_merge_when_small() {
        let database = Builder::new()
            .create_with_backend(InMemoryBackend::new())
            .unwrap();
        let transaction = database.begin_write().unwrap();
        let mut blocks = transaction.open_table(BLOCKS).unwrap();
        let key = |n: u32| n.to_be_bytes().to_vec();
        write_all(
            &mut blocks,
            (0..100_000).map(|n| (key(n), Some(vec![7; 50]))),
        );
        let lengths = |blocks: &BlockTable<'_>| -> Vec<usize> {
            let lengths = blocks.range::<&[u8]>(..).unwrap().map(|entry| {
                let (key, block) = entry.unwrap();
                key.value().len() + block.value().len()
            });
            lengths.collect()
        };
        let full = lengths(&blocks);
        assert!(
            full[..full.len() - 2]
                .iter()
                .all(|length| *length > MAX_BLOCK_LEN - 60)
        );
        // Removes all but every hundredth, one at a time.
        for n in (0..100_000).filter(|n| n % 100 != 0) {
            write_all(&mut blocks, [(key(n), None)]);
        }
        let left = lengths(&blocks);
        assert!(
            left[..left.len() - 1]
                .iter()
                .all(|length| *length >= MIN_BLOCK_LEN),
            "{left:?}"
        );
        write_all(&mut blocks, (0..100_000).map(|n| (key(n), None)));
        assert_eq!(lengths(&blocks), []);
    }
}

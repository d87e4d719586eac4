//! A block: neighbouring bindings, prefix-compressed, in one value of the block table. Its key is
//! the key of its first binding.
//!
//! ```text
//! for each binding:  shared   number   bytes that its key shares with the key before
//!                    rest     number   remaining bytes of its key
//!                    length   number   bytes of its value
//!                    remaining bytes of the key, value
//! ```
//!
//! For the first binding, the key before is the block's key, which equals its own. Numbers, keys
//! and values are encoded by `certbind_core::codec`.

use std::cmp::Ordering;

use certbind_core::codec::CodecError;

/// A key and its value.
pub(crate) type KeyValue<'a> = (&'a [u8], &'a [u8]);

/// Iterates over the entries of a block.
pub(crate) struct EntryReader {
    key: Vec<u8>,
    /// Offset of the next entry.
    at: usize,
}

/// The three numbers in front of an entry's bytes.
struct EntryHeader {
    shared: usize,
    rest: usize,
    value: usize,
}

/// The position of a key in a block.
struct Position {
    /// Offset of its entry, of the first greater entry, or the end of the block.
    at: usize,
    /// The header of that entry, and the offset of its bytes.
    entry: Option<(EntryHeader, usize)>,
    is_found: bool,
    /// Bytes that the key shares with the key before.
    shared: usize,
    /// Bytes that the key shares with the key of the entry.
    behind: usize,
}

/// The value of a key, if the block contains it. `block_key` is not greater than the key.
pub(crate) fn find<'a>(
    block_key: &[u8],
    block: &'a [u8],
    key: &[u8],
) -> Result<Option<&'a [u8]>, CodecError> {
    let position = locate(block_key, block, key)?;
    Ok(match position.entry {
        Some((head, start)) if position.is_found => Some(&block[start + head.rest..][..head.value]),
        _ => None,
    })
}

/// The block with another value for a key, or without the key. The block's own key stays the same:
/// it is less than the changed key, or equal to it and a value is given.
pub(crate) fn splice(
    block_key: &[u8],
    block: &[u8],
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<Vec<u8>, CodecError> {
    let position = locate(block_key, block, key)?;
    if !position.is_found && value.is_none() {
        return Ok(block.to_vec());
    }
    let mut bytes = Vec::with_capacity(block.len() + key.len() + value.map_or(0, <[u8]>::len) + 16);
    bytes.extend(&block[..position.at]);
    if let Some(value) = value {
        push_entry(&mut bytes, position.shared, &key[position.shared..], value);
    }
    let Some((head, start)) = position.entry else {
        return Ok(bytes);
    };
    let (rest, behind) = block[start..].split_at(head.rest);
    if !position.is_found {
        // The entry now follows the new one.
        let (value, behind) = behind.split_at(head.value);
        push_entry(
            &mut bytes,
            position.behind,
            &rest[position.behind - head.shared..],
            value,
        );
        bytes.extend(behind);
        return Ok(bytes);
    }
    let next = start + head.rest + head.value;
    if value.is_some() || next == block.len() {
        bytes.extend(&block[next..]);
        return Ok(bytes);
    }
    // The next entry now follows the one before, and may have shared more with the removed one.
    let (next, start) = self::head(block, next, key.len())?;
    let (next_rest, behind) = block[start..].split_at(next.rest);
    let (value, behind) = behind.split_at(next.value);
    let shared = next.shared.min(head.shared);
    let rest = [&key[shared..next.shared], next_rest].concat();
    push_entry(&mut bytes, shared, &rest, value);
    bytes.extend(behind);
    Ok(bytes)
}

const EMPTY: &str = "it has no entries";

/// Finds a key without assembling the keys before it.
fn locate(block_key: &[u8], block: &[u8], key: &[u8]) -> Result<Position, CodecError> {
    if block.is_empty() {
        return Err(malformed(EMPTY));
    }
    let (first, start) = head(block, 0, block_key.len())?;
    if first.shared != block_key.len() || first.rest != 0 {
        return Err(malformed("its first key is not its own key"));
    }
    // How many bytes the key before, which is less, shares with the one sought.
    let mut same = common(block_key, key);
    let mut before = block_key.len();
    let mut at = start + first.value;
    if block_key == key {
        return Ok(Position {
            at: 0,
            entry: Some((first, start)),
            is_found: true,
            shared: same,
            behind: same,
        });
    }
    while at < block.len() {
        let (head, start) = head(block, at, before)?;
        let rest = &block[start..][..head.rest];
        // How the entry's key compares to the one sought, and how many bytes they share.
        let (order, behind) = match head.shared.cmp(&same) {
            // It is less where the key before was less.
            Ordering::Greater => (Ordering::Less, same),
            // It differs from the key before at a byte where that still equalled the one sought.
            Ordering::Less => (Ordering::Greater, head.shared),
            // Nearly all entries that are passed differ at once.
            Ordering::Equal if rest.first() < key.get(same) => (Ordering::Less, same),
            Ordering::Equal => {
                let more = common(rest, &key[same..]);
                (rest.get(more).cmp(&key.get(same + more)), same + more)
            }
        };
        if order != Ordering::Less {
            return Ok(Position {
                at,
                entry: Some((head, start)),
                is_found: order == Ordering::Equal,
                shared: same,
                behind,
            });
        }
        same = behind;
        before = head.shared + head.rest;
        at = start + head.rest + head.value;
    }
    Ok(Position {
        at,
        entry: None,
        is_found: false,
        shared: same,
        behind: 0,
    })
}

impl EntryReader {
    pub(crate) fn of(block_key: &[u8]) -> Self {
        Self {
            key: block_key.to_vec(),
            at: 0,
        }
    }

    /// The next key and value. `block` is the same in each call.
    pub(crate) fn next<'a>(
        &'a mut self,
        block: &'a [u8],
    ) -> Result<Option<KeyValue<'a>>, CodecError> {
        if self.at == block.len() {
            return match self.at {
                0 => Err(malformed(EMPTY)),
                _ => Ok(None),
            };
        }
        let (head, start) = head(block, self.at, self.key.len())?;
        let (rest, value) = block[start..].split_at(head.rest);
        let before = &self.key[head.shared..];
        let (first, is_key) = (self.at == 0, before.is_empty() && rest.is_empty());
        if first && !is_key {
            return Err(malformed("its first key is not its own key"));
        }
        if !first && (rest <= before || rest.first() == before.first()) {
            return Err(malformed("its keys are not in order"));
        }
        self.key.truncate(head.shared);
        self.key.extend(rest);
        self.at = start + head.rest + head.value;
        Ok(Some((&self.key, &value[..head.value])))
    }
}

/// The header of the entry at an offset, and the offset of its bytes, which are all present.
#[inline]
fn head(block: &[u8], at: usize, before: usize) -> Result<(EntryHeader, usize), CodecError> {
    match short_head(block, at, before) {
        Some(found) => Ok(found),
        None => any_head(block, at, before),
    }
}

/// A header of three one-byte numbers. Nearly all are, and a `get` spends most of its time here.
#[inline]
fn short_head(block: &[u8], at: usize, before: usize) -> Option<(EntryHeader, usize)> {
    let &[shared, rest, value] = block.get(at..)?.first_chunk()?;
    let is_short = shared.max(rest).max(value) < TWO_BYTES;
    let [shared, rest, value] = [shared, rest, value].map(usize::from);
    let is_whole = shared <= before && rest + value <= block.len() - at - 3;
    let head = EntryHeader {
        shared,
        rest,
        value,
    };
    (is_short && is_whole).then_some((head, at + 3))
}

fn any_head(
    block: &[u8],
    mut at: usize,
    before: usize,
) -> Result<(EntryHeader, usize), CodecError> {
    let mut number = || {
        let (number, length) = number(&block[at..]).ok_or_else(|| malformed("it is truncated"))?;
        at += length;
        Ok(number)
    };
    let head = EntryHeader {
        shared: number()?,
        rest: number()?,
        value: number()?,
    };
    if head.shared > before {
        return Err(malformed("it shares more bytes than the previous key has"));
    }
    let left = block.len() - at;
    if head.rest > left || head.value > left - head.rest {
        return Err(malformed("it is truncated"));
    }
    Ok((head, at))
}

/// Builds a block.
#[derive(Default)]
pub(crate) struct BlockBuilder {
    first: Vec<u8>,
    bytes: Vec<u8>,
}

impl BlockBuilder {
    /// Appends a binding, whose key is greater than the others. `shared` is the number of bytes
    /// that it shares with the key before.
    pub(crate) fn push(&mut self, shared: usize, key: &[u8], value: &[u8]) {
        if self.bytes.is_empty() {
            self.first.extend(key);
            push_entry(&mut self.bytes, key.len(), &[], value);
        } else {
            push_entry(&mut self.bytes, shared, &key[shared..], value);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes of the block's key and value.
    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.bytes.len()
    }

    /// The key and the value of the block.
    pub(crate) fn block(&self) -> KeyValue<'_> {
        (&self.first, &self.bytes)
    }

    /// Starts the next block.
    pub(crate) fn clear(&mut self) {
        self.first.clear();
        self.bytes.clear();
    }
}

fn push_entry(bytes: &mut Vec<u8>, shared: usize, rest: &[u8], value: &[u8]) {
    for number in [shared, rest.len(), value.len()] {
        push_number(bytes, number);
    }
    bytes.extend(rest);
    bytes.extend(value);
}

/// How many bytes an entry takes in a block.
pub(crate) fn entry_len(shared: usize, rest: usize, value: usize) -> usize {
    let numbers = [shared, rest, value].map(|number| match number {
        0..=0xfa => 1,
        0xfb..=0xffff => 3,
        _ => 5,
    });
    numbers.iter().sum::<usize>() + rest + value
}

/// The length of the common prefix.
pub(crate) fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

const TWO_BYTES: u8 = 0xfb;
const FOUR_BYTES: u8 = 0xfc;

/// Appends a number as bincode writes it.
fn push_number(bytes: &mut Vec<u8>, number: usize) {
    if let Ok(small @ ..TWO_BYTES) = u8::try_from(number) {
        bytes.push(small);
    } else if let Ok(number) = u16::try_from(number) {
        bytes.push(TWO_BYTES);
        bytes.extend(number.to_le_bytes());
    } else {
        let number = u32::try_from(number).expect("no value is as long");
        bytes.push(FOUR_BYTES);
        bytes.extend(number.to_le_bytes());
    }
}

/// Reads a number that [`push_number`] wrote; returns its length as well.
fn number(bytes: &[u8]) -> Option<(usize, usize)> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        TWO_BYTES => {
            let number = u16::from_le_bytes(*rest.first_chunk()?);
            (number >= TWO_BYTES.into()).then_some((number.into(), 3))
        }
        FOUR_BYTES => {
            let number = u32::from_le_bytes(*rest.first_chunk()?);
            (number > u16::MAX.into()).then_some((number as usize, 5))
        }
        small if small < TWO_BYTES => Some((small.into(), 1)),
        _ => None,
    }
}

pub(crate) fn malformed(what: &str) -> CodecError {
    CodecError::Malformed(format!("the block is damaged: {what}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    /// Keys with long, short and no common prefixes.
    fn keys() -> impl Strategy<Value = Vec<u8>> {
        let long = vec(0..3_u8, 240..600);
        prop_oneof![8 => vec(0..3_u8, 1..8), 1 => vec(any::<u8>(), 1..30), 1 => long]
    }

    fn values() -> impl Strategy<Value = Vec<u8>> {
        let long = vec(any::<u8>(), 249..700);
        prop_oneof![9 => vec(any::<u8>(), 0..40), 1 => long, 1 => Just(vec![7; 70_000])]
    }

    fn block_of(entries: &BTreeMap<Vec<u8>, Vec<u8>>) -> (Vec<u8>, Vec<u8>) {
        let mut builder = BlockBuilder::default();
        let mut before = &Vec::new();
        for (key, value) in entries {
            builder.push(common(before, key), key, value);
            before = key;
        }
        let (key, block) = builder.block();
        (key.to_vec(), block.to_vec())
    }

    /// The entries of a block up to the first damage.
    fn read(key: &[u8], block: &[u8]) -> (BTreeMap<Vec<u8>, Vec<u8>>, Result<(), CodecError>) {
        let mut entries = EntryReader::of(key);
        let mut found = BTreeMap::new();
        loop {
            match entries.next(block) {
                Ok(Some((key, value))) => {
                    let new = found.insert(key.to_vec(), value.to_vec()).is_none();
                    assert!(new, "a key came twice");
                }
                Ok(None) => return (found, Ok(())),
                Err(error) => return (found, Err(error)),
            }
        }
    }

    proptest! {
        #[test]
        fn block_returns_its_entries(
            entries in btree_map(keys(), values(), 1..40),
            others in vec(keys(), 20),
        ) {
            let (key, block) = block_of(&entries);
            prop_assert_eq!(&read(&key, &block), &(entries.clone(), Ok(())));
            for sought in entries.keys().chain(&others).filter(|sought| **sought >= key) {
                let found = find(&key, &block, sought).unwrap();
                prop_assert_eq!(found, entries.get(sought).map(Vec::as_slice));
            }
        }

        #[test]
        fn splice_equals_rebuilt_block(
            entries in btree_map(keys(), values(), 2..40),
            others in vec((keys(), values()), 20),
        ) {
            let (key, block) = block_of(&entries);
            let changes = entries.keys().skip(1).map(|key| (key.clone(), None));
            let values = entries.keys().map(|key| (key.clone(), Some(vec![1, 2, 3])));
            let others = others.into_iter().flat_map(|(key, value)| [(key.clone(), Some(value)), (key, None)]);
            for (changed, value) in changes.chain(values).chain(others) {
                if changed < key || (changed == key && value.is_none()) {
                    continue;
                }
                let mut expected = entries.clone();
                match &value {
                    Some(value) => expected.insert(changed.clone(), value.clone()),
                    None => expected.remove(&changed),
                };
                let spliced = splice(&key, &block, &changed, value.as_deref()).unwrap();
                prop_assert_eq!((key.clone(), spliced), block_of(&expected));
            }
        }

        #[test]
        fn damaged_block_never_panics_and_encoding_is_unique(
            entries in btree_map(keys(), vec(any::<u8>(), 0..40), 1..20),
            flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let (key, mut block) = block_of(&entries);
            for (position, byte) in flips {
                let position = position.index(block.len());
                block[position] = byte;
            }
            for block in [&block[..], &block[..cut.index(block.len() + 1)]] {
                let (found, whole) = read(&key, block);
                for sought in entries.keys() {
                    let spliced = splice(&key, block, sought, Some(&[7]));
                    let sought = find(&key, block, sought);
                    prop_assert_eq!(spliced.is_err(), sought.is_err());
                    if whole.is_ok() {
                        prop_assert!(sought.is_ok());
                    }
                }
                if whole.is_ok() {
                    prop_assert_eq!(block_of(&found), (key.clone(), block.to_vec()));
                }
            }
        }
    }
}

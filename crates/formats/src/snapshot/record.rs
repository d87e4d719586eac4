//! A record: the key and the value, each after its length.

use certbind_core::Binding;
use certbind_core::codec::{encode_binding, encode_key};

/// The bytes of a binding's record. Every text in it has a limit: the longest fits into a chunk.
pub(super) fn encode(binding: &Binding) -> Vec<u8> {
    let key = encode_key(binding.key());
    let value = encode_binding(binding);
    let key_length = u16::try_from(key.len()).expect("host names have a limit");
    let value_length = u32::try_from(value.len()).expect("texts have a limit");
    let mut record = Vec::with_capacity(2 + key.len() + 4 + value.len());
    record.extend(key_length.to_le_bytes());
    record.extend(key);
    record.extend(value_length.to_le_bytes());
    record.extend(value);
    record
}

/// A record in a chunk.
pub(super) struct Record<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

impl<'a> Record<'a> {
    /// The first record of `bytes`; none where they end inside it.
    pub(super) fn first(bytes: &'a [u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (key, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        Some(Self {
            key,
            value: rest.get(..length)?,
        })
    }

    /// How many bytes it takes.
    pub(super) fn length(&self) -> usize {
        2 + self.key.len() + 4 + self.value.len()
    }
}

//! Values of a redb file: the first byte determines the key for which they are read.

use certbind_core::codec::{decode_binding, encode_binding, encode_key};
use certbind_core::{Binding, BindingKey};

use super::{KEYS, bindings};
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "value-bytes",
    longest: 512,
    read,
    seeds: || bindings().iter().flat_map(seed).collect(),
    dictionary: &["MY", "\u{0}", "\u{1}", "WWW.CONTOSO.COM"],
    // A key, a record and the texts of their errors.
    memory: |length| 8192 + 16 * length as u64,
};

/// With the checksum, and the bytes before it alone.
fn seed(binding: &Binding) -> [Vec<u8>; 2] {
    let key = KEYS
        .iter()
        .position(|key| *key == binding.key().to_string());
    let key = u8::try_from(key.expect("one of them")).expect("few");
    let value = encode_binding(binding);
    let body = &value[..value.len() - 4];
    [
        [&[key], &value[..]].concat(),
        [&[key | 0x80], body].concat(),
    ]
}

fn read(input: &[u8]) -> Outcome {
    let Some((first, value)) = input.split_first() else {
        return Outcome::of("empty");
    };
    let key: BindingKey = KEYS[usize::from(first & 0x7f) % KEYS.len()]
        .parse()
        .expect("a key");
    // A checksum keeps damage from the decoder after it: half of the inputs get a right one.
    let summed;
    let value = if first & 0x80 == 0 {
        value
    } else {
        summed = with_check_sum(&key, value);
        &summed
    };
    match decode_binding(key.clone(), value) {
        Ok(binding) => {
            let again = decode_binding(key, &encode_binding(&binding));
            assert_eq!(again.as_ref(), Ok(&binding));
            Outcome::of((
                binding.record().flags.bits().count_ones(),
                binding.host_spelling(),
            ))
        }
        Err(error) => Outcome::error(error),
    }
}

/// The value as `docs/file-format.md` has it: CRC-32 of the key's bytes and its own.
fn with_check_sum(key: &BindingKey, body: &[u8]) -> Vec<u8> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&encode_key(key));
    hasher.update(body);
    [body, &hasher.finalize().to_le_bytes()].concat()
}

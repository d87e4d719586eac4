//! Keys of a redb file.

use certbind_core::codec::{decode_key, encode_key};

use super::bindings;
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "key-bytes",
    longest: 256,
    read,
    seeds: || bindings().iter().map(|b| encode_key(b.key())).collect(),
    dictionary: &[".com", "xn--", "\0\0", "*"],
    memory: |length| 4096 + 8 * length as u64,
};

fn read(input: &[u8]) -> Outcome {
    match decode_key(input) {
        Ok(key) => {
            // A key has one form.
            assert_eq!(encode_key(&key), input, "{key}");
            Outcome::of((key.kind(), key.host().map(|host| host.as_str().len() / 16)))
        }
        Err(error) => Outcome::error(error),
    }
}

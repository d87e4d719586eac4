//! Values come back bit for bit, and damage is noticed.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use store_core::codec::{CodecError, VALUE_FORMAT, decode_binding, encode_binding};
use store_core::{Binding, BindingKey, CertHash, Record, StoreName, Uuid, strategy};

fn sample() -> Binding {
    let store = StoreName::new("MY").unwrap();
    let record = Record::new(CertHash::new([7; 20]), Some(store), Uuid::nil());
    Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()
}

#[test]
fn a_value_under_another_key_is_noticed() {
    let bytes = encode_binding(&sample());
    let other: BindingKey = "0.0.0.0:444".parse().unwrap();
    assert_eq!(decode_binding(other, &bytes), Err(CodecError::CheckSum));
}

#[test]
fn a_newer_format_is_refused_by_number() {
    let mut bytes = encode_binding(&sample());
    bytes[0] = VALUE_FORMAT + 1;
    let found = VALUE_FORMAT + 1;
    assert_eq!(
        decode_binding(sample().key().clone(), &bytes),
        Err(CodecError::NewerFormat { found })
    );
}

#[test]
fn every_flipped_bit_and_every_truncation_is_noticed() {
    let whole = encode_binding(&sample());
    let key = || sample().key().clone();
    for byte in 0..whole.len() {
        assert!(
            decode_binding(key(), &whole[..byte]).is_err(),
            "cut at {byte}"
        );
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[byte] ^= 1 << bit;
            assert!(
                decode_binding(key(), &bytes).is_err(),
                "byte {byte}, bit {bit}"
            );
        }
    }
}

#[test]
fn a_length_that_the_value_does_not_have_allocates_nothing() {
    // A format byte, then an absent spelling, then a certificate with a store name of 2^60 bytes.
    let mut bytes = vec![VALUE_FORMAT, 0, 1];
    bytes.extend([0; 20]);
    bytes.extend([1, 253]);
    bytes.extend((1_u64 << 60).to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&store_core::codec::encode_key(sample().key()));
    hasher.update(&bytes);
    bytes.extend(hasher.finalize().to_le_bytes());
    assert!(matches!(
        decode_binding(sample().key().clone(), &bytes),
        Err(CodecError::Malformed(_))
    ));
}

proptest! {
    #[test]
    fn every_binding_comes_back(binding in strategy::binding()) {
        let bytes = encode_binding(&binding);
        prop_assert_eq!(decode_binding(binding.key().clone(), &bytes).unwrap(), binding);
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(
        key in strategy::key(), mut bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Some(first) = bytes.first_mut() {
            *first = VALUE_FORMAT;
        }
        prop_assert!(decode_binding(key, &bytes).is_err());
    }
}

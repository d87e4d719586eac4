//! Values are restored bit for bit, and damage is detected.

#![allow(clippy::unwrap_used)]

use certbind_core::codec::{CodecError, VALUE_FORMAT, decode_binding, encode_binding};
use certbind_core::{
    Binding, BindingKey, CertHash, ExtendedProperties, PropertyValue, Record, SessionTicketKey,
    SessionTicketKeys, StoreName, Uuid, strategy,
};
use proptest::prelude::*;

fn sample() -> Binding {
    let store = StoreName::new("MY").unwrap();
    let record = Record::new(CertHash::new([7; 20]), Some(store), Uuid::nil());
    Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()
}

/// The same with extended properties.
fn extended() -> Binding {
    let key = SessionTicketKey::new(0, [1; 16], &[2; 64]).unwrap();
    let keys = SessionTicketKeys::new(vec![key]).unwrap();
    let window = PropertyValue::Http2Window {
        receive_window: 65_535,
    };
    let mut record = sample().record().clone();
    let set = [window.into(), PropertyValue::SessionTicketKeys(keys).into()];
    record.extended = ExtendedProperties::new(set).unwrap();
    sample().with_record(record).unwrap()
}

/// A value of these bytes for the key of the samples, with the checksum that it needs.
fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&certbind_core::codec::encode_key(sample().key()));
    hasher.update(&bytes);
    bytes.extend(hasher.finalize().to_le_bytes());
    bytes
}

#[test]
fn extended_properties_need_the_newer_format() {
    assert_eq!(encode_binding(&sample())[0], 1);
    assert_eq!(encode_binding(&extended())[0], 2);
}

#[test]
fn unordered_or_empty_properties_are_damage() {
    let plain = encode_binding(&sample());
    let fields = &plain[1..plain.len() - 4];
    let refused = |behind: &[u8]| {
        let value = summed([&[2], fields, behind].concat());
        let decoded = decode_binding(sample().key().clone(), &value);
        assert!(
            matches!(
                decoded,
                Err(CodecError::Malformed(_) | CodecError::Property(_))
            ),
            "{behind:?}: {decoded:?}"
        );
    };
    refused(&[]);
    refused(&[0]);
    refused(&[2, 0, 0, 9, 0, 0, 9]);
    refused(&[2, 0, 1, 9, 9, 0, 0, 9]);
    refused(&[1, 0, 6, 9]);
    // The default.
    refused(&[1, 0, 0, 0xfc, 0, 0, 0x10, 0]);
    let value = summed([&[2], fields, &[1, 0, 0, 9]].concat());
    assert!(decode_binding(sample().key().clone(), &value).is_ok());
}

#[test]
fn a_value_under_another_key_is_noticed() {
    let bytes = encode_binding(&sample());
    let other: BindingKey = "0.0.0.0:444".parse().unwrap();
    assert_eq!(decode_binding(other, &bytes), Err(CodecError::Checksum));
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
    let key = || sample().key().clone();
    for whole in [encode_binding(&sample()), encode_binding(&extended())] {
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
}

#[test]
fn false_length_allocates_nothing() {
    // A format byte, then an absent spelling, then a certificate with a store name of 2^60 bytes.
    let mut bytes = vec![1, 0, 1];
    bytes.extend([0; 20]);
    bytes.extend([1, 253]);
    bytes.extend((1_u64 << 60).to_le_bytes());
    assert!(matches!(
        decode_binding(sample().key().clone(), &summed(bytes)),
        Err(CodecError::Malformed(_))
    ));
    // As many extended properties.
    let plain = encode_binding(&sample());
    let mut bytes = [&[2], &plain[1..plain.len() - 4], &[253]].concat();
    bytes.extend((1_u64 << 60).to_le_bytes());
    assert!(matches!(
        decode_binding(sample().key().clone(), &summed(bytes)),
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
        format in 1..=VALUE_FORMAT,
    ) {
        if let Some(first) = bytes.first_mut() {
            *first = format;
        }
        prop_assert!(decode_binding(key, &bytes).is_err());
    }
}

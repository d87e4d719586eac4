//! Snapshots with valid checksums and invalid content.

use std::error::Error;

use certbind_core::codec::{CodecError, encode_binding, encode_key};
use certbind_formats::ReadError;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::frames::{START, file, frames, record};
use super::{binding, damage, pushed, read_as_snapshot, refused};
use crate::listings::cases;

const HEAD: &[u8] = br#"{"header":{"host":null,"captured_at":null,"source":null,"tool":null}}"#;

fn head() -> (u8, Vec<u8>) {
    (b'H', HEAD.to_vec())
}

fn end(bindings: u64) -> (u8, Vec<u8>) {
    (b'E', bindings.to_le_bytes().to_vec())
}

fn bindings(ports: &[u16]) -> (u8, Vec<u8>) {
    let records = ports.iter().flat_map(|port| {
        let binding = binding(*port, 0);
        record(&encode_key(binding.key()), &encode_binding(&binding))
    });
    (b'B', records.collect())
}

#[track_caller]
fn refuses(chunks: &[(u8, Vec<u8>)], chunk: u64, what: &str) {
    let error = refused(&file(chunks));
    let (_, found, said) = damage(&error);
    assert_eq!(found, Some(chunk), "{error}");
    assert!(said.contains(what), "{error}");
}

#[test]
fn chunks_put_together_by_hand_are_a_snapshot() {
    let chunks = [head(), bindings(&[1, 2]), bindings(&[3]), end(3)];
    assert_eq!(
        read_as_snapshot(&file(&chunks))
            .unwrap()
            .export
            .bindings
            .len(),
        3
    );
    let chunks = [head(), bindings(&[1, 2, 3]), end(3)];
    let expected = pushed((1..=3).map(|port| binding(port, 0)));
    assert_eq!(file(&chunks), expected);
}

#[test]
fn a_snapshot_of_version_1_is_read() {
    let mut file = file(&[head(), bindings(&[1, 2]), end(2)]);
    file[12] = 1;
    let whole = file.len() - 32;
    let sum = Sha256::digest(&file[..whole]);
    file[whole..].copy_from_slice(&sum);
    let read = read_as_snapshot(&file).unwrap().export.bindings;
    assert_eq!(read, [binding(1, 0), binding(2, 0)]);
}

#[test]
fn codec_error_of_a_record_is_a_source() {
    let value = encode_binding(&binding(1, 0));
    for record in [
        record(&[0xFF], &value),
        record(&encode_key(binding(1, 0).key()), &[0xFF]),
    ] {
        let error = refused(&file(&[head(), (b'B', record), end(1)]));
        let source = error.source().unwrap();
        assert!(source.is::<CodecError>(), "{source:?}");
        let cause = source.to_string();
        let error = ReadError::from(error);
        assert!(error.to_string().contains(&cause), "{error}");
        assert!(error.source().unwrap().is::<CodecError>(), "{error:?}");
    }
}

#[test]
fn keys_out_of_order_or_twice_are_refused() {
    let ascending = "expected keys in ascending order";
    refuses(&[head(), bindings(&[1, 3, 2]), end(3)], 1, ascending);
    refuses(
        &[head(), bindings(&[1, 3]), bindings(&[2]), end(3)],
        2,
        ascending,
    );
    let once = "ipport=10.0.0.1:3 occurs twice; expected each key once";
    refuses(&[head(), bindings(&[1, 3, 3]), end(3)], 1, once);
    refuses(
        &[head(), bindings(&[1, 3]), bindings(&[3]), end(3)],
        2,
        once,
    );
}

#[test]
fn chunks_out_of_place_are_refused() {
    refuses(&[bindings(&[1]), end(1)], 0, "expected the head");
    refuses(&[end(0)], 0, "expected the head");
    refuses(
        &[head(), bindings(&[1]), head(), end(1)],
        2,
        "no head after",
    );
    refuses(&[head(), (b'X', vec![1]), end(0)], 1, "found the byte 58");
    refuses(&[head(), (b'B', vec![]), end(0)], 1, "found one of 0");
    let (kind, mut parts) = head();
    let rest = parts.split_off(10);
    let halves = [(kind, parts), (kind, rest), end(0)];
    assert!(read_as_snapshot(&file(&halves)).is_ok());
    refuses(&[head(), head(), end(0)], 0, "the head is malformed");
    refuses(
        &[(b'H', b"{}".to_vec()), end(0)],
        0,
        "the head is malformed",
    );
    let more = br#"{"header":{},"more":1}"#.to_vec();
    refuses(&[(b'H', more), end(0)], 0, "the head is malformed");

    // Chunks of the same file, moved, repeated and left out: their numbers are in their hashes.
    let whole = file(&[head(), bindings(&[1]), bindings(&[2]), end(2)]);
    let frames = frames(&whole);
    let assemble = |order: &[usize]| {
        let mut file = START.to_vec();
        for number in order {
            file.extend(&whole[frames[*number].start..frames[*number].end]);
        }
        file.extend(&whole[whole.len() - 32..]);
        file
    };
    assert!(read_as_snapshot(&assemble(&[0, 1, 2, 3])).is_ok());
    for (order, chunk) in [
        (&[0, 2, 1, 3][..], 1),
        (&[0, 1, 1, 2, 3], 2),
        (&[0, 1, 3], 2),
        (&[0, 2, 3], 1),
        (&[1, 2, 3], 0),
    ] {
        let error = refused(&assemble(order));
        assert_eq!(damage(&error).1, Some(chunk), "{order:?}: {error}");
    }
}

#[test]
fn a_wrong_number_of_bindings_is_refused() {
    for count in [0, 1, 3, u64::MAX] {
        let what = format!("expected {count} bindings, found 2");
        refuses(&[head(), bindings(&[1, 2]), end(count)], 2, &what);
    }
    let short = (b'E', vec![0; 7]);
    refuses(&[head(), short], 1, "8 bytes");
}

#[test]
fn invalid_record_is_refused_at_its_first_byte() {
    let one = binding(1, 0);
    let (key, value) = (encode_key(one.key()), encode_binding(&one));
    let good = record(&key, &value);
    let start = START.len() + 5 + HEAD.len() + 32 + 5;
    let two = |bytes: Vec<u8>| [good.clone(), bytes].concat();
    let mut newer = value.clone();
    newer[0] = 3;
    let mut broken = value.clone();
    broken[30] ^= 1;
    let other = encode_key(binding(2, 0).key());
    let third = encode_key(binding(3, 0).key());
    for (content, at, what) in [
        (vec![1], 0, "end of the chunk"),
        (two(vec![0xff, 0xff, 1]), good.len(), "end of the chunk"),
        (good[..good.len() - 1].to_vec(), 0, "end of the chunk"),
        (two(record(b"", b"")), good.len(), "the key is empty"),
        (two(record(b"\x05", b"")), good.len(), "unknown kind 5"),
        (
            two(record(&other, &newer)),
            good.len(),
            "ipport=10.0.0.1:2: its format is 3",
        ),
        (two(record(&other, &value)), good.len(), "checksum"),
        (record(&key, &broken), 0, "checksum"),
        (
            two(record(&third, b"")),
            good.len(),
            "ipport=10.0.0.1:3: the value has no format byte",
        ),
    ] {
        let error = refused(&file(&[head(), (b'B', content), end(2)]));
        let (byte, chunk, said) = damage(&error);
        assert_eq!((byte, chunk), ((start + at) as u64, Some(1)), "{error}");
        assert!(said.contains(what), "{error}");
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn content_of_any_kind_is_read_or_refused(
        chunks in proptest::collection::vec(
            (proptest::sample::select(b"HBEX".to_vec()), proptest::collection::vec(any::<u8>(), 0..80)),
            0..5,
        ),
        has_head in any::<bool>(),
    ) {
        let mut chunks = chunks;
        if has_head {
            chunks.insert(0, head());
        }
        let _ = read_as_snapshot(&file(&chunks));
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_as_snapshot(&bytes);
        let _ = read_as_snapshot(&[&START[..], &bytes].concat());
    }
}

//! The number of test cases of a property, and their generators.

#![allow(dead_code, reason = "no test uses all of it")]

use std::ops::Range;

use proptest::prelude::*;
use proptest::test_runner::Config;

/// `length` bytes, each one of `choice`. They are drawn all at once, so that a million cases take
/// minutes; a failing case keeps them unchanged.
#[allow(unreachable_pub, reason = "shared by several tests")]
pub fn bytes(length: Range<usize>, choice: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    length.prop_perturb(|length, mut rng| {
        let mut bytes = vec![0; length];
        rng.fill_bytes(&mut bytes);
        for byte in &mut bytes {
            // One in eight stays unchanged.
            let (at, keep) = (usize::from(*byte >> 3), *byte & 7 == 0);
            *byte = if keep {
                *byte
            } else {
                choice[at % choice.len()]
            };
        }
        bytes
    })
}

/// UTF-16 with many ends, some of it no UTF-16 at all, in bytes.
#[allow(unreachable_pub, reason = "shared by several tests")]
pub fn text(units: Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    bytes(units, b"\0\0\0abcxyzABC-.").prop_map(|units| {
        let odd = |unit: u8| {
            if unit < 0x80 {
                u16::from(unit)
            } else {
                u16::from(unit) << 8
            }
        };
        units
            .into_iter()
            .map(odd)
            .flat_map(u16::to_ne_bytes)
            .collect()
    })
}

/// `CERTBIND_CASES` times as many as by default.
#[allow(unreachable_pub, reason = "shared by several tests")]
pub fn config(default: u32) -> Config {
    Config {
        cases: certbind_test_support::cases(default),
        failure_persistence: None,
        ..Config::default()
    }
}

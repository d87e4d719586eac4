//! What the tests of this crate share.

#![allow(dead_code, reason = "each test program uses its part")]

use store_core::{Binding, BindingKey, CertHash, Record, Uuid};

/// A binding whose key and record are told by two numbers.
pub(crate) fn binding(number: u16, content: u8) -> Binding {
    let mut record = Record::new(CertHash::new([content; 20]), None, Uuid::from_u128(7));
    record.url_retrieval_timeout = u32::from(content);
    Binding::new(key(number), record).expect("an ipport binding with a certificate")
}

/// The key of [`binding`].
pub(crate) fn key(number: u16) -> BindingKey {
    let [high, low] = number.to_be_bytes();
    format!("10.0.{high}.{low}:443").parse().expect("a key")
}

/// `CERTBIND_CASES` times as many cases as by default.
pub(crate) fn cases(default: u32) -> u32 {
    let times = std::env::var("CERTBIND_CASES").ok();
    let times = times.map_or(1, |times| {
        times.parse().expect("CERTBIND_CASES is a number")
    });
    default * times
}

//! Which bytes a scan asks for.

use std::ops::Bound;

use store_core::Scan;
use store_core::codec::{encode_key, kind_prefix};

type Bytes = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Where the keys of a scan stand in the table; nothing if there can be none.
pub(crate) fn byte_range(scan: &Scan) -> Option<Bytes> {
    if scan.is_empty() {
        return None;
    }
    let (start, end) = scan.bounds();
    let (start, end) = (start.map(encode_key), end.map(encode_key));
    match scan.kind().map(kind_prefix) {
        Some(prefix) => of_prefix(prefix, start, end),
        None => Some((start, end)),
    }
}

/// The part of a range whose keys start with `prefix`.
fn of_prefix(prefix: u8, start: Bound<Vec<u8>>, end: Bound<Vec<u8>>) -> Option<Bytes> {
    let first = |bound: &Bound<Vec<u8>>| match bound {
        Bound::Included(key) | Bound::Excluded(key) => key.first().copied(),
        Bound::Unbounded => None,
    };
    let start = match first(&start) {
        Some(byte) if byte > prefix => return None,
        Some(byte) if byte == prefix => start,
        _ => Bound::Included(vec![prefix]),
    };
    let end = match first(&end) {
        Some(byte) if byte < prefix => return None,
        Some(byte) if byte == prefix => end,
        _ => Bound::Excluded(vec![prefix + 1]),
    };
    Some((start, end))
}

#[cfg(test)]
mod tests {
    use std::ops::RangeBounds;

    use proptest::prelude::*;
    use store_core::Kind;
    use store_core::strategy::{few_keys, scan_of};

    use super::*;

    proptest! {
        #[test]
        fn the_bytes_of_a_scan_are_the_bytes_of_its_keys(
            scan in scan_of(few_keys(&Kind::ALL)),
            keys in proptest::collection::vec(few_keys(&Kind::ALL), 20),
        ) {
            let range = byte_range(&scan);
            for key in keys {
                let inside = range.as_ref().is_some_and(|range| range.contains(&encode_key(&key)));
                prop_assert_eq!(inside, scan.contains(&key), "{}", key);
            }
        }
    }
}

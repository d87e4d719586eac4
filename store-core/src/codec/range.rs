//! The range of encoded keys that a scan reads.

use std::ops::Bound;

use super::key::{encode_key, kind_prefix};
use crate::scan::Scan;

/// A range of encoded keys, for stores that are ordered by bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyRange {
    /// The first key of the range.
    pub start: Vec<u8>,
    /// The first key after the range; `None` if it ends with the last key of the store.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// Whether a key is in the range.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        self.start.as_slice() <= key && self.end.as_deref().is_none_or(|end| key < end)
    }
}

/// The encoded keys that a scan asks for; `None` if no key can match.
///
/// A scan without bounds and kind covers every key, also those that no encoding has, so that they
/// are found to be damaged. To resume a scan, start at [`key_after`] the last key.
///
/// ```
/// use certbind_core::codec::{encode_key, scan_range};
/// use certbind_core::{BindingKey, Kind, Scan};
///
/// let key: BindingKey = "hostnameport=www.contoso.com:443".parse()?;
/// let bytes = encode_key(&key);
/// let range = scan_range(&Scan::all().of_kind(Kind::Sni)).expect("keys of the kind");
/// assert!(range.contains(&bytes));
/// let rest = scan_range(&Scan::all().after(key)).expect("keys after it");
/// assert!(!rest.contains(&bytes));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn scan_range(scan: &Scan) -> Option<KeyRange> {
    let (start, end) = scan.bounds();
    let mut range = KeyRange {
        start: match start {
            Bound::Included(key) => encode_key(key),
            Bound::Excluded(key) => key_after(&encode_key(key)),
            Bound::Unbounded => Vec::new(),
        },
        end: match end {
            Bound::Included(key) => Some(key_after(&encode_key(key))),
            Bound::Excluded(key) => Some(encode_key(key)),
            Bound::Unbounded => None,
        },
    };
    if let Some(prefix) = scan.kind().map(kind_prefix) {
        let past = vec![prefix + 1];
        range.start = range.start.max(vec![prefix]);
        range.end = Some(range.end.map_or(past.clone(), |end| end.min(past)));
    }
    let is_empty = range.end.as_ref().is_some_and(|end| range.start >= *end);
    (!is_empty).then_some(range)
}

/// The least bytes after those of a key.
///
/// ```
/// use certbind_core::codec::key_after;
///
/// assert_eq!(key_after(&[1, 4]), [1, 4, 0]);
/// ```
#[must_use]
pub fn key_after(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

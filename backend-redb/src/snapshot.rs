//! The store at one revision: what reads come from.

use std::ops::Bound;
use std::sync::Arc;

use redb::{ReadOnlyTable, ReadableDatabase};
use store_core::codec::{self, decode_binding, decode_key, encode_key};
use store_core::{Binding, BindingKey, Scan};

use crate::errors::Cause;
use crate::format::{self, BINDINGS, META, META_REVISION};

/// The committed bindings at one revision. It keeps the pages that it reads from being reused, so
/// a store holds only the newest, and a scan its own until it ends.
pub(crate) struct Snapshot {
    bindings: ReadOnlyTable<&'static [u8], &'static [u8]>,
    revision: u64,
}

impl Snapshot {
    /// What is committed now.
    pub(crate) fn take(database: &impl ReadableDatabase) -> Result<Self, Cause> {
        let transaction = database.begin_read()?;
        let meta = transaction.open_table(META)?;
        Ok(Self {
            revision: u64::from_le_bytes(format::meta(&meta, META_REVISION)?),
            bindings: transaction.open_table(BINDINGS)?,
        })
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        let value = self.bindings.get(encode_key(key).as_slice())?;
        value
            .map(|value| decoded(key.clone(), value.value()))
            .transpose()
    }

    /// The bindings that `scan` asks for, read as the iterator goes.
    pub(crate) fn scan(
        self: Arc<Self>,
        scan: &Scan,
    ) -> Result<impl Iterator<Item = Result<Binding, Cause>> + Send + use<>, Cause> {
        let range = match byte_range(scan) {
            Some((start, end)) => {
                let bounds = (
                    start.as_ref().map(Vec::as_slice),
                    end.as_ref().map(Vec::as_slice),
                );
                Some(self.bindings.range::<&[u8]>(bounds)?)
            }
            None => None,
        };
        Ok(range.into_iter().flatten().map(|entry| {
            let (key, value) = entry?;
            decoded_entry(key.value(), value.value())
        }))
    }
}

/// The binding that an entry of the table holds.
pub(crate) fn decoded_entry(key: &[u8], value: &[u8]) -> Result<Binding, Cause> {
    let key = decode_key(key).map_err(|error| Cause::Codec {
        record: format!("a key ({})", hex(key)),
        error,
    })?;
    decoded(key, value)
}

/// The binding of `key` that a value holds.
pub(crate) fn decoded(key: BindingKey, value: &[u8]) -> Result<Binding, Cause> {
    decode_binding(key.clone(), value).map_err(|error| Cause::Codec {
        record: format!("the record of {key}"),
        error,
    })
}

/// Where the keys of a scan stand in the table; nothing if there can be none.
fn byte_range(scan: &Scan) -> Option<(Bound<Vec<u8>>, Bound<Vec<u8>>)> {
    if scan.is_empty() {
        return None;
    }
    let (start, end) = scan.bounds();
    let (mut start, mut end) = (start.map(encode_key), end.map(encode_key));
    if let Some(prefix) = scan.kind().map(codec::kind_prefix) {
        match &start {
            Bound::Included(key) | Bound::Excluded(key) if key[0] > prefix => return None,
            Bound::Included(key) | Bound::Excluded(key) if key[0] == prefix => {}
            _ => start = Bound::Included(vec![prefix]),
        }
        match &end {
            Bound::Included(key) | Bound::Excluded(key) if key[0] < prefix => return None,
            Bound::Included(key) | Bound::Excluded(key) if key[0] == prefix => {}
            _ => end = Bound::Excluded(vec![prefix + 1]),
        }
    }
    Some((start, end))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(40)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

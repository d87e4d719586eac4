//! The store at one revision: what reads come from.

use redb::{ReadOnlyTable, ReadableDatabase};
use store_core::codec::{decode_binding, decode_key, encode_key};
use store_core::{Binding, BindingKey, Scan};

use crate::errors::{Cause, guarded};
use crate::format::{self, BINDINGS, META};
use crate::scan::byte_range;

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
        Ok(Self {
            revision: format::revision(&transaction.open_table(META)?)?,
            bindings: transaction.open_table(BINDINGS)?,
        })
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn get(&self, key: &BindingKey) -> Result<Option<Binding>, Cause> {
        guarded(|| {
            let value = self.bindings.get(encode_key(key).as_slice())?;
            value
                .map(|value| decoded(key.clone(), value.value()))
                .transpose()
        })
    }

    /// The bindings that `scan` asks for, read as the iterator goes. It ends behind an error.
    pub(crate) fn scan(
        &self,
        scan: &Scan,
    ) -> Result<impl Iterator<Item = Result<Binding, Cause>> + Send + use<>, Cause> {
        let mut entries = match byte_range(scan) {
            Some((start, end)) => {
                let start = start.as_ref().map(Vec::as_slice);
                let end = end.as_ref().map(Vec::as_slice);
                Some(guarded(|| {
                    Ok(self.bindings.range::<&[u8]>((start, end))?)
                })?)
            }
            None => None,
        };
        Ok(std::iter::from_fn(move || {
            let next = guarded(|| match entries.as_mut().and_then(Iterator::next) {
                Some(entry) => {
                    let (key, value) = entry?;
                    decoded_entry(key.value(), value.value()).map(Some)
                }
                None => Ok(None),
            });
            if !matches!(next, Ok(Some(_))) {
                entries = None;
            }
            next.transpose()
        }))
    }
}

/// The binding that an entry of the table holds.
pub(crate) fn decoded_entry(key: &[u8], value: &[u8]) -> Result<Binding, Cause> {
    let decoded_key = decode_key(key).map_err(|error| Cause::Codec {
        record: format!("the key {}", hex(key)),
        error,
    })?;
    decoded(decoded_key, value)
}

/// The binding of `key` that a value holds.
pub(crate) fn decoded(key: BindingKey, value: &[u8]) -> Result<Binding, Cause> {
    // The text for an error is made only if there is one; the key is moved before that is known.
    decode_binding(key.clone(), value).map_err(|error| Cause::Codec {
        record: format!("the record of {key}"),
        error,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(40)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

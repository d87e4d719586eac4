//! Decoding a row: the key and the value of a binding, with errors that name the row.

use certbind_core::codec::{decode_key, decode_with_key_bytes};
use certbind_core::{Binding, BindingKey};

use crate::errors::{Cause, hex};

/// The binding that an entry of a block holds.
pub(crate) fn decode_entry(key: &[u8], value: &[u8]) -> Result<Binding, Cause> {
    let found = decode_key(key).map_err(|error| Cause::Codec {
        record: format!("the key {}", hex(key)),
        error,
    })?;
    decode_row(&found, key, value)
}

/// The binding that a value holds, of a key with these bytes.
pub(crate) fn decode_row(key: &BindingKey, bytes: &[u8], value: &[u8]) -> Result<Binding, Cause> {
    decode_with_key_bytes(key.clone(), bytes, value).map_err(|error| Cause::Codec {
        record: format!("the record of {key}"),
        error,
    })
}

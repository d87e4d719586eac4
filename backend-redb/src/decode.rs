//! Decodes rows, with errors that name the row.

use certbind_core::codec::{decode_key, decode_with_key_bytes};
use certbind_core::{Binding, BindingKey};

use crate::errors::{Cause, hex};

/// The binding of a block's entry.
pub(crate) fn decode_entry(key: &[u8], value: &[u8]) -> Result<Binding, Cause> {
    let found = decode_key(key).map_err(|error| Cause::Codec {
        record: format!("the key {}", hex(key)),
        error,
    })?;
    decode_row(&found, key, value)
}

/// The binding of a value, whose key has these bytes.
pub(crate) fn decode_row(key: &BindingKey, bytes: &[u8], value: &[u8]) -> Result<Binding, Cause> {
    decode_with_key_bytes(key.clone(), bytes, value).map_err(|error| Cause::Codec {
        record: format!("the record of {key}"),
        error,
    })
}

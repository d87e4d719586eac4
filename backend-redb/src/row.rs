//! The values of rows of other tables: a format, the content, and a checksum.

use certbind_core::codec::CodecError;

use crate::errors::{Cause, hex};

/// The format of values, their first byte.
const FORMAT: u8 = 1;

/// The format, the value, and a checksum of the key and of both.
pub(crate) fn encoded(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend(value);
    let sum = checksum(key, &bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

pub(crate) fn decoded<'a>(table: &str, key: &[u8], bytes: &'a [u8]) -> Result<&'a [u8], Cause> {
    let damaged = |what: &'static str| Cause::Codec {
        record: format!("the row under {} in the table {table:?}", hex(key)),
        error: CodecError::Malformed(format!("the row is damaged: {what}")),
    };
    let (body, sum) = bytes
        .split_last_chunk()
        .ok_or_else(|| damaged("it is truncated"))?;
    if checksum(key, body) != u32::from_le_bytes(*sum) {
        return Err(damaged("its checksum is wrong"));
    }
    match body.split_first() {
        Some((&FORMAT, value)) => Ok(value),
        _ => Err(damaged("it has an unknown format")),
    }
}

fn checksum(key: &[u8], body: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(key);
    sum.update(body);
    sum.finalize()
}

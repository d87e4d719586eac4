//! Serialized certificate stores (`.sst`), which `certutil`, the certificate manager and
//! `Export-Certificate -Type SST` write.
//!
//! The file starts with four zeros and `CERT`. Elements follow: an id, an encoding type and a length,
//! each of four bytes in little-endian order, and the data. The element with the id 32 is a
//! certificate; the elements before it are its properties. An element with the id 0 ends the file.
//! (Wine's `crypt32` reads and writes the same.)

use crate::part_error::PartError;

const START: &[u8] = b"\0\0\0\0CERT";
/// `CERT_CERT_PROP_ID` of `wincrypt.h`.
const CERTIFICATE: u32 = 32;

/// Whether bytes are a serialized store.
pub(crate) fn is_store(bytes: &[u8]) -> bool {
    bytes.starts_with(START)
}

/// The certificates. A truncated element is followed by an error.
pub(crate) fn certificates(bytes: &[u8]) -> Vec<Result<&[u8], PartError>> {
    let mut rest = bytes.get(START.len()..).unwrap_or_default();
    let mut found = Vec::new();
    loop {
        let Some((id, after)) = number(rest) else {
            found.push(Err(PartError::Damaged));
            return found;
        };
        if id == 0 {
            return found;
        }
        let element = number(after)
            .and_then(|(_, after)| number(after))
            .and_then(|(length, after)| after.split_at_checked(usize::try_from(length).ok()?));
        let Some((data, after)) = element else {
            found.push(Err(PartError::Damaged));
            return found;
        };
        if id == CERTIFICATE {
            found.push(Ok(data));
        }
        rest = after;
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, after) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number), after))
}

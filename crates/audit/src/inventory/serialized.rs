//! Serialized certificate stores (`.sst`), which `certutil`, the certificate manager and
//! `Export-Certificate -Type SST` write.
//!
//! Four zeros and `CERT`, then elements: an id, the encoding and a length, each of four bytes with
//! the lowest first, and so many bytes. The element of the id 32 is a certificate; those in front of
//! it are its properties. An element of the id 0 is the last. (Wine's `crypt32` reads and writes the
//! same.)

use certbind_certificates::Certificate;

use super::Found;

const START: &[u8] = b"\0\0\0\0CERT";
/// `CERT_CERT_PROP_ID` of `wincrypt.h`.
const CERTIFICATE: u32 = 32;

/// Whether bytes begin as a serialized store does.
pub(super) fn is_store(bytes: &[u8]) -> bool {
    bytes.starts_with(START)
}

/// The certificates of a serialized store.
pub(super) fn certificates(bytes: &[u8]) -> Result<Found, String> {
    let mut rest = bytes.get(START.len()..).unwrap_or_default();
    let mut found = Vec::new();
    loop {
        let Some((id, after)) = number(rest) else {
            return Err("it is a serialized store that ends too early".to_owned());
        };
        if id == 0 {
            return Ok(found);
        }
        let element = number(after)
            .and_then(|(_, after)| number(after))
            .and_then(|(length, after)| after.split_at_checked(usize::try_from(length).ok()?));
        let Some((data, after)) = element else {
            return Err("it is a serialized store that ends too early".to_owned());
        };
        if id == CERTIFICATE {
            found.push(Certificate::of_der(data));
        }
        rest = after;
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, after) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number), after))
}

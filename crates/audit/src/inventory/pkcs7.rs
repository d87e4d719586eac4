//! PKCS #7 files (`.p7b`): signed data that signs nothing and carries certificates (RFC 5652, 5).

use std::borrow::Cow;

use certbind_certificates::Certificate;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::pem;
use x509_cert::der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};

use super::Found;

/// id-signedData
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// The certificates of such a file, DER or PEM; nothing if it is none.
pub(super) fn certificates(bytes: &[u8]) -> Option<Found> {
    let der = match pem::decode_vec(bytes) {
        Ok((_, der)) => Cow::Owned(der),
        Err(_) => Cow::Borrowed(bytes),
    };
    Some(listed(signed_data(&der)?))
}

/// The elements of the signed data.
fn signed_data(der: &[u8]) -> Option<&[u8]> {
    let outer: AnyRef<'_> = AnyRef::from_der(der).ok()?;
    let mut reader = SliceReader::new(outer.value()).ok()?;
    let kind: ObjectIdentifier = reader.decode().ok()?;
    (kind == SIGNED_DATA).then_some(())?;
    let explicit: AnyRef<'_> = reader.decode().ok()?;
    Some(AnyRef::from_der(explicit.value()).ok()?.value())
}

/// The certificates of the element with the tag [0].
fn listed(elements: &[u8]) -> Found {
    let is_list = |tag| matches!(tag, Tag::ContextSpecific { number, .. } if number.value() == 0);
    let list = each(elements).find(|it| it.is_none_or(|it| is_list(it.tag())));
    let Some(Some(list)) = list else {
        return Vec::new();
    };
    each(list.value())
        .map(|it| Certificate::of_der(&it?.to_der().ok()?))
        .collect()
}

/// The elements that stand one behind another; where one cannot be read, nothing, and it ends there.
fn each(bytes: &[u8]) -> impl Iterator<Item = Option<AnyRef<'_>>> {
    let mut reader = SliceReader::new(bytes).ok();
    std::iter::from_fn(move || {
        let rest = reader.as_mut().filter(|rest| !rest.is_finished())?;
        let element: Option<AnyRef<'_>> = rest.decode().ok();
        if element.is_none() {
            reader = None;
        }
        Some(element)
    })
}

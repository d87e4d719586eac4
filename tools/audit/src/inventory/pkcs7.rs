//! PKCS #7 files (`.p7b`): signed data that signs nothing and carries certificates (RFC 5652, 5).

use std::borrow::Cow;

use certificates::Certificate;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::pem;
use x509_cert::der::{Decode, Encode, Reader, SliceReader, Tag};

/// id-signedData
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// The certificates of such a file, DER or PEM; nothing if it is none.
pub(super) fn certificates(bytes: &[u8]) -> Option<Result<Vec<Certificate>, String>> {
    let der = match pem::decode_vec(bytes) {
        Ok((_, der)) => Cow::Owned(der),
        Err(_) => Cow::Borrowed(bytes),
    };
    let content = signed_data(&der)?;
    let found = listed(content).unwrap_or_default();
    Some(if found.is_empty() {
        Err("it is a PKCS #7 file without a certificate".to_owned())
    } else {
        Ok(found)
    })
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
fn listed(elements: &[u8]) -> Option<Vec<Certificate>> {
    let mut reader = SliceReader::new(elements).ok()?;
    while !reader.is_finished() {
        let element: AnyRef<'_> = reader.decode().ok()?;
        let Tag::ContextSpecific { number, .. } = x509_cert::der::Tagged::tag(&element) else {
            continue;
        };
        if number.value() != 0 {
            continue;
        }
        let mut certificates = SliceReader::new(element.value()).ok()?;
        let mut found = Vec::new();
        while !certificates.is_finished() {
            let certificate: AnyRef<'_> = certificates.decode().ok()?;
            found.extend(Certificate::of_der(&certificate.to_der().ok()?));
        }
        return Some(found);
    }
    None
}

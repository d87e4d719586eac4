//! PKCS #7 files (`.p7b`): signed data without a signature that carries certificates (RFC 5652,
//! section 5).

use crate::ber::{self, Element, OBJECT_IDENTIFIER, SEQUENCE};
use crate::part_error::PartError;

/// id-signedData, 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// The prefix of the content types of PKCS #7.
const PKCS7: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];

/// Whether an element is PKCS #7: a sequence that begins with a content type.
pub(crate) fn is_pkcs7(element: &Element<'_>) -> bool {
    content_type(element).is_some_and(|kind| kind.starts_with(PKCS7))
}

fn content_type<'a>(element: &Element<'a>) -> Option<&'a [u8]> {
    let (kind, _) = ber::read(element.expect(SEQUENCE)?)?;
    kind.expect(OBJECT_IDENTIFIER)
}

/// The certificates, each in its encoding in the file.
pub(crate) fn certificates<'a>(
    element: &Element<'a>,
) -> Result<Vec<Result<&'a [u8], PartError>>, PartError> {
    if content_type(element) != Some(SIGNED_DATA) {
        return Err(PartError::unsupported("PKCS #7 that is not signed data"));
    }
    let fields = ber::all(element.content).ok_or(PartError::Damaged)?;
    let explicit = fields.get(1).ok_or(PartError::Damaged)?;
    let (signed, _) = ber::read(explicit.content).ok_or(PartError::Damaged)?;
    let fields = signed.expect(SEQUENCE).ok_or(PartError::Damaged)?;
    // The data after the certificates may be cut off.
    let list = ber::children(fields).find_map(|field| match field {
        Some(field) if field.is_context(0) => Some(Ok(field)),
        Some(_) => None,
        None => Some(Err(PartError::Damaged)),
    });
    let Some(list) = list else {
        return Ok(Vec::new());
    };
    // Attribute certificates have tags of their own; they are no certificates of servers.
    let certificates = ber::children(list?.content).filter_map(|certificate| match certificate {
        Some(certificate) if certificate.is(SEQUENCE) => Some(Ok(certificate.raw)),
        Some(_) => None,
        None => Some(Err(PartError::Damaged)),
    });
    Ok(certificates.collect())
}

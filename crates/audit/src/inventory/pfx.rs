//! PFX files (PKCS #12, RFC 7292).

use certbind_certificates::Certificate;
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use x509_cert::der::{Decode, Header, Reader, SliceReader, Tag};

use super::Found;

/// Whether bytes begin as a PFX does: a sequence whose first element is the number 3.
pub(super) fn is_pfx(bytes: &[u8]) -> bool {
    let starts = || {
        let mut reader = SliceReader::new(bytes).ok()?;
        let header = Header::decode(&mut reader).ok()?;
        let version: u8 = reader.decode().ok()?;
        Some(header.tag() == Tag::Sequence && version == 3)
    };
    // A length that is told behind the content is BER, not DER.
    starts() == Some(true) || bytes.starts_with(&[0x30, 0x80, 0x02, 0x01, 0x03])
}

/// The certificates of a PFX that one of the passwords opens, or none.
pub(super) fn certificates(bytes: &[u8], passwords: &[String]) -> Result<Found, String> {
    let mut failure = None;
    for password in passwords.iter().map(String::as_str).chain([""]) {
        match Pkcs12Archive::from_pkcs12(bytes, password) {
            Ok(archive) => {
                let bags = archive.certs.iter();
                return Ok(bags
                    .map(|bag| Certificate::of_der(bag.cert.as_der()))
                    .collect());
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(match failure {
        Some(Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_)) | None => {
            "it is a PFX that none of the passwords opens".to_owned()
        }
        Some(error) => format!("it is a PFX that cannot be read: {error}"),
    })
}

//! The hash of a certificate file.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use certbind_certificates::{FileError, LeafError, hash_of_file};
use certbind_core::CertHash;

const CERTIFICATE: &str = "4B:1C:6B:9D:07:30:CB:C3:EA:2C:2B:E3:2E:4A:91:E8:AD:2C:74:19";

#[test]
fn the_hash_of_a_certificate_file_is_its_thumbprint() {
    let expected: CertHash = CERTIFICATE.parse().unwrap();
    let pem = include_bytes!("fixtures/www.contoso.com.pem");
    let der = include_bytes!("fixtures/www.contoso.com.der");
    assert_eq!(hash_of_file(pem), Ok(expected));
    assert_eq!(hash_of_file(der), Ok(expected));
    let windows = String::from_utf8_lossy(pem).replace('\n', "\r\n");
    let preamble = format!("Bag Attributes\r\n    friendlyName: x\r\n{windows}");
    assert_eq!(hash_of_file(preamble.as_bytes()), Ok(expected));
}

#[test]
fn a_file_without_a_certificate_has_no_hash() {
    let der = include_bytes!("fixtures/www.contoso.com.der");
    for file in [
        &include_bytes!("fixtures/request.csr.pem")[..],
        &der[..der.len() - 1],
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"",
        b"hello",
    ] {
        let error = hash_of_file(file).unwrap_err();
        assert!(
            matches!(
                error,
                LeafError::None | LeafError::File(FileError::Unknown | FileError::Password { .. })
            ),
            "{error:?}"
        );
    }
}

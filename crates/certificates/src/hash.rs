//! The hash of a certificate.

use certbind_core::CertHash;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha1::{Digest, Sha1};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;

/// The hash of the certificate in a PEM or DER file. In a PEM file with several certificates it is
/// that of the first one.
///
/// ```
/// let pem = include_bytes!("../tests/fixtures/www-2025.pem");
/// let hash = certbind_certificates::hash_of_file(pem)?;
/// assert_eq!(*certbind_certificates::of_file(pem)[0].hash(), hash);
/// # Ok::<(), certbind_certificates::NoCertificate>(())
/// ```
///
/// # Errors
/// [`NoCertificate`] if the file contains none: a key, a request, another file.
pub fn hash_of_file(file: &[u8]) -> Result<CertHash, NoCertificate> {
    match CertificateDer::pem_slice_iter(file).next() {
        Some(Ok(der)) => hash_of_der(&der),
        Some(Err(_)) => Err(NoCertificate),
        None => hash_of_der(file),
    }
}

/// The hash of a certificate in DER encoding, with nothing before or after it.
pub(crate) fn hash_of_der(der: &[u8]) -> Result<CertHash, NoCertificate> {
    CertificateInner::<Raw>::from_der(der).map_err(|_| NoCertificate)?;
    Ok(CertHash::new(Sha1::digest(der).into()))
}

/// A file does not contain a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file contains no X.509 certificate in PEM or DER encoding")]
pub struct NoCertificate;

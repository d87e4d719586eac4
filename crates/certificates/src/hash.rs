//! The hash of a certificate.

use certbind_core::CertHash;
use sha1::{Digest, Sha1};

/// The hash of a certificate in DER.
pub(crate) fn hash_of_der(der: &[u8]) -> CertHash {
    CertHash::new(Sha1::digest(der).into())
}

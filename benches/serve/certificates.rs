//! Certificates and their keys.

use certbind_core::CertHash;
use rcgen::{CertificateParams, KeyPair};

/// An ECDSA certificate of P-256 and its key.
pub(crate) struct Certificate {
    /// Both, in PEM.
    pub(crate) pem: String,
    pub(crate) hash: CertHash,
    /// The bytes of both in DER.
    pub(crate) length: usize,
}

pub(crate) fn certificate(name: &str) -> Certificate {
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new([name.to_owned()]).unwrap();
    let made = parameters.self_signed(&key).unwrap();
    Certificate {
        hash: certbind_certificates::hash_of_file(made.der()).unwrap(),
        length: made.der().len() + key.serialized_der().len(),
        pem: made.pem() + &key.serialize_pem(),
    }
}

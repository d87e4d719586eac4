//! The permitted usage of a certificate.

use x509_cert::certificate::{Raw, TbsCertificateInner};
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::ExtendedKeyUsage;

/// Whether servers may show a certificate to their clients (RFC 5280, 4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerUse {
    /// It names no uses, or server authentication is among them, or any use is.
    Allowed,
    /// It names its uses, and server authentication is not among them.
    Excluded,
    /// The uses that it names cannot be read.
    Unknown,
}

/// id-kp-serverAuth
const SERVER_AUTHENTICATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
/// anyExtendedKeyUsage
const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

pub(crate) fn server_use(tbs: &TbsCertificateInner<Raw>) -> ServerUse {
    match tbs.get_extension::<ExtendedKeyUsage>() {
        Ok(None) => ServerUse::Allowed,
        Ok(Some((_, uses))) => {
            if uses
                .0
                .iter()
                .any(|it| [SERVER_AUTHENTICATION, ANY].contains(it))
            {
                ServerUse::Allowed
            } else {
                ServerUse::Excluded
            }
        }
        Err(_) => ServerUse::Unknown,
    }
}

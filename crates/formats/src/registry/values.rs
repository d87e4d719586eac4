//! The names of the values that a binding's key has.

pub(super) const APP_ID: &str = "AppId";
pub(super) const CERT_HASH: &str = "SslCertHash";
pub(super) const CERT_STORE_NAME: &str = "SslCertStoreName";
pub(super) const FLAGS: &str = "DefaultFlags";
pub(super) const CHECK_MODE: &str = "DefaultSslCertCheckMode";
pub(super) const FRESHNESS_TIME: &str = "DefaultSslRevocationFreshnessTime";
pub(super) const RETRIEVAL_TIMEOUT: &str = "DefaultSslRevocationUrlRetrievalTimeout";
pub(super) const CTL_IDENTIFIER: &str = "DefaultSslCtlIdentifier";
pub(super) const CTL_STORE_NAME: &str = "DefaultSslCtlStoreName";
/// Only where the binding is of a host name.
pub(super) const HOSTNAME_PORT: &str = "HostnamePort";

/// Whether a value of this name is read.
pub(crate) fn is_known(name: &str) -> bool {
    [
        APP_ID,
        CERT_HASH,
        CERT_STORE_NAME,
        FLAGS,
        CHECK_MODE,
        FRESHNESS_TIME,
        RETRIEVAL_TIMEOUT,
        CTL_IDENTIFIER,
        CTL_STORE_NAME,
        HOSTNAME_PORT,
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(name))
}

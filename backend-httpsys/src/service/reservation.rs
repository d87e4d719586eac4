//! Who may register a URL.

use super::{SecurityDescriptor, UrlPrefix};

/// A record of the URL namespace reservation store (`HTTP_SERVICE_CONFIG_URLACL_SET`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlReservation {
    /// What is reserved.
    pub url: UrlPrefix,
    /// For whom.
    pub sddl: SecurityDescriptor,
}

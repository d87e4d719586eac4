//! The order in which HTTP.sys looks for the binding of a connection.

use certbind_core::BindingKey;

/// The order in words. It is that of a table for troubleshooting AD FS that reads like Microsoft's
/// own, and agrees with how host name and central store bindings were described when they came; one
/// tool says that wildcard addresses come before host names, which contradicts that table. Where
/// scoped keys of the central certificate store stand is inferred.
pub const ORDER: &str = "HTTP.sys looks for a binding of the exact address and port first, then for \
    one of the host name that the client sends and the port, then for the port of the central \
    certificate store, then for [::] and the port on IPv6 connections, and for 0.0.0.0 and the \
    port last";

/// Where a key stands in the order: 1 is looked for first.
///
/// ```
/// let stage = |key: &str| Ok::<_, certbind_core::KeyError>(certbind_audit::precedence::stage(&key.parse()?));
/// assert!(stage("ipport=10.0.0.5:443")? < stage("hostnameport=www.contoso.com:443")?);
/// assert!(stage("ccs=443")? < stage("ipport=[::]:443")?);
/// assert!(stage("ipport=[::]:443")? < stage("ipport=0.0.0.0:443")?);
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[must_use]
pub fn stage(key: &BindingKey) -> u8 {
    match key {
        BindingKey::IpPort(endpoint) if !endpoint.ip().is_unspecified() => 1,
        BindingKey::Sni(_) => 2,
        // Inferred: it is of a host name as well, and the fallback of the one before it.
        BindingKey::ScopedCcs(_) => 3,
        BindingKey::Ccs(_) => 4,
        BindingKey::IpPort(endpoint) if endpoint.ip().is_ipv6() => 5,
        BindingKey::IpPort(_) => 6,
    }
}

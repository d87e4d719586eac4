//! The order in which HTTP.sys searches the binding of a connection, in the columns of a report.

use certbind_core::BindingKey;
pub use certbind_resolve::ORDER;
use certbind_resolve::Step;

/// The columns: a wildcard name is in the column of names.
pub(crate) const STAGES: [&str; 6] = [
    "one address",
    "host name",
    "central store, name",
    "central store",
    "[::]",
    "0.0.0.0",
];

/// The column of a key: 1 is considered first.
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
    match Step::of(key) {
        Step::Address => 1,
        Step::HostName | Step::WildcardHostName => 2,
        Step::ScopedCentralStore | Step::WildcardScopedCentralStore => 3,
        Step::CentralStore => 4,
        Step::AnyIpv6 => 5,
        Step::AnyIpv4 => 6,
    }
}

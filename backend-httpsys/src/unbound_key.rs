//! An unbound key for queries.

use certbind_core::{BindingKey, Kind};

/// A key that is most likely not bound: of an address and a name for documentation, at the port of
/// the discard service.
pub(crate) fn unbound_key(kind: Kind) -> BindingKey {
    let text = match kind {
        Kind::IpPort => "ipport=192.0.2.77:9",
        Kind::Sni => "hostnameport=certbind.invalid:9",
        Kind::Ccs => "ccs=9",
        Kind::ScopedCcs => "scopedccs=certbind.invalid:9",
    };
    text.parse().expect("a valid key")
}

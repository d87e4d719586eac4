//! Keys and bindings for checks that need many, or need distinguishable ones.

use certbind_core::{Binding, BindingKey, Capabilities, CertHash, Kind, Record, Uuid};

/// The `n`-th key of a kind.
pub(crate) fn numbered(kind: Kind, n: u32) -> BindingKey {
    let port = 1 + n % 60_000;
    let value = match kind {
        Kind::IpPort => format!("10.{}.0.{}:{port}", n / 250 % 250, 1 + n % 250),
        Kind::Sni | Kind::ScopedCcs => format!("host{n}.example:{port}"),
        Kind::Ccs => port.to_string(),
    };
    BindingKey::parse_as(kind, &value).expect("a key")
}

/// That many keys, of each kind in turn.
pub(crate) fn keys(capabilities: &Capabilities, many: usize) -> Vec<BindingKey> {
    let kinds = capabilities.kinds.iter().cycle().zip(1..);
    kinds
        .take(many)
        .map(|(kind, n)| numbered(*kind, n))
        .collect()
}

/// A binding of this key with every option at its default.
pub(crate) fn plain(key: &BindingKey) -> Binding {
    marked(key, 0)
}

/// A binding that is distinguished from others of its key by its application id.
pub(crate) fn marked(key: &BindingKey, mark: u128) -> Binding {
    let app_id = Uuid::from_u128(mark);
    let record = match key.kind().names_certificate() {
        true => Record::new(HASH, None, app_id),
        false => Record::central(app_id),
    };
    Binding::new(key.clone(), record).expect("a record of its kind")
}

/// The mark that [`marked`] has set.
pub(crate) fn mark(binding: &Binding) -> u128 {
    binding.record().app_id.as_u128()
}

/// The certificate of all these bindings.
pub(crate) const HASH: CertHash = CertHash::new([1; 20]);

/// The hash that it is renewed with.
pub(crate) const RENEWED: CertHash = CertHash::new([2; 20]);

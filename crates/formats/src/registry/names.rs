//! The names of keys.

use certbind_core::{Binding, BindingKey, Kind, Uuid};

use crate::netsh::key_text;

/// Where the kinds' keys are, under a control set.
pub(crate) const PARAMETERS: [&str; 3] = ["Services", "HTTP", "Parameters"];

/// The key that has all bindings of a kind.
pub(crate) fn family_name(kind: Kind) -> &'static str {
    match kind {
        Kind::IpPort => "SslBindingInfo",
        Kind::Sni => "SslSniBindingInfo",
        Kind::Ccs => "SslCcsBindingInfo",
        Kind::ScopedCcs => "SslScopedCcsBindingInfo",
    }
}

/// The kind whose bindings are under the key of this name.
pub(crate) fn family(name: &str) -> Option<Kind> {
    Kind::ALL
        .into_iter()
        .find(|kind| family_name(*kind).eq_ignore_ascii_case(name))
}

/// Whether the key of this name, next to those of the kinds, may be about bindings too.
pub(crate) fn is_about_ssl(name: &str) -> bool {
    name.get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("ssl"))
}

/// The name of a control set's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ControlSet {
    /// `CurrentControlSet`: a link of a running host to the current one.
    Current,
    /// `ControlSet001` and so on.
    Numbered(u32),
}

impl ControlSet {
    /// The control set whose key has this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("CurrentControlSet") {
            return Some(Self::Current);
        }
        let (word, digits) = name.split_at_checked("ControlSet".len())?;
        let is_number = digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit());
        (word.eq_ignore_ascii_case("ControlSet") && is_number)
            .then(|| digits.parse().ok().map(Self::Numbered))
            .flatten()
    }
}

impl std::fmt::Display for ControlSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Current => f.write_str("CurrentControlSet"),
            Self::Numbered(number) => write!(f, "ControlSet{number:03}"),
        }
    }
}

/// The names of host names' keys are GUIDs of this namespace, made from the binding's key.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f0f_3a52_8c1d_4e0b_9a57_2b7c_64d1_90e3);

/// The name of a binding's key. A host name is not a key's name there but a value, and the key has a
/// GUID for a name; ours is the same for the same host name and port each time (UUID version 5).
pub(super) fn key_name(binding: &Binding) -> String {
    match binding.key() {
        BindingKey::IpPort(_) => key_text(binding),
        BindingKey::Ccs(port) => port.to_string(),
        key @ (BindingKey::Sni(_) | BindingKey::ScopedCcs(_)) => {
            Uuid::new_v5(&NAMESPACE, key.to_string().as_bytes())
                .braced()
                .to_string()
        }
    }
}

/// The port that the name of a central store's key has.
pub(super) fn ccs_port(name: &str) -> Option<&str> {
    Some(name.strip_prefix("0.0.0.0:").unwrap_or(name))
        .filter(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_set_is_recognized_by_name() {
        for (name, set) in [
            ("CurrentControlSet", Some(ControlSet::Current)),
            ("currentcontrolset", Some(ControlSet::Current)),
            ("ControlSet001", Some(ControlSet::Numbered(1))),
            ("CONTROLSET012", Some(ControlSet::Numbered(12))),
            ("ControlSet1", None),
            ("ControlSet+01", None),
            ("ControlSet", None),
            ("ControlSät001", None),
            ("Select", None),
            ("", None),
        ] {
            assert_eq!(ControlSet::named(name), set, "{name}");
        }
        assert_eq!(ControlSet::Numbered(7).to_string(), "ControlSet007");
    }
}

//! The paths of keys, and the selection of those that concern bindings.

use std::borrow::Cow;

use certbind_core::Kind;

use crate::registry::{ControlSet, PARAMETERS, RESERVATIONS, family, is_about_ssl};

/// The role of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// `Select`, which contains the number of the current control set.
    Select,
    /// `Parameters`, the key of HTTP.sys.
    Parameters(ControlSet),
    /// The key of the URL reservations.
    Reservations(ControlSet),
    /// The key of a kind's bindings.
    Family(ControlSet, Kind),
    /// The key of a binding, by its own name.
    Binding(ControlSet, Kind, String),
    /// Another key next to or under these, by its path under `Parameters`.
    Unknown(ControlSet, String),
}

/// A key that concerns bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The name of the hive that it is in: `SYSTEM`, or the name under which an offline hive was
    /// loaded.
    pub(super) hive: String,
    pub(super) role: Role,
}

impl Place {
    /// The place of a key, if it concerns bindings.
    pub(super) fn of(path: &str) -> Option<Self> {
        let mut names = path.split('\\');
        if !is_local_machine(names.next()?) {
            return None;
        }
        let hive = names.next()?.to_lowercase();
        let set = names.next()?;
        if set.eq_ignore_ascii_case("Select") && names.next().is_none() {
            let role = Role::Select;
            return Some(Self { hive, role });
        }
        let set = ControlSet::named(set)?;
        for expected in PARAMETERS {
            if !names.next()?.eq_ignore_ascii_case(expected) {
                return None;
            }
        }
        let Some(first) = names.next() else {
            let role = Role::Parameters(set);
            return Some(Self { hive, role });
        };
        let rest: Vec<_> = names.collect();
        let role = match (family(first), rest.as_slice()) {
            (Some(kind), []) => Role::Family(set, kind),
            (Some(kind), [name]) => Role::Binding(set, kind, (*name).to_owned()),
            (Some(_), _) => Role::Unknown(set, [&[first], rest.as_slice()].concat().join("\\")),
            (None, []) if first.eq_ignore_ascii_case(RESERVATIONS) => Role::Reservations(set),
            (None, _) if is_about_ssl(first) => Role::Unknown(set, first.to_owned()),
            (None, _) => return None,
        };
        Some(Self { hive, role })
    }

    /// The path of the key `Parameters` that it is of, from the name of the hive on.
    pub(super) fn parameters(&self) -> String {
        let hive = self.hive.to_uppercase();
        match &self.role {
            Role::Select => hive,
            Role::Parameters(set)
            | Role::Reservations(set)
            | Role::Family(set, _)
            | Role::Binding(set, _, _)
            | Role::Unknown(set, _) => format!("{hive}\\{set}\\{}", PARAMETERS.join("\\")),
        }
    }
}

/// The full path of a key. One that begins with a backslash is of an export of hivexregedit without
/// `--prefix`: the hive has no name there, and is taken to be `SYSTEM`.
pub(super) fn full(path: &str) -> Cow<'_, str> {
    match path.strip_prefix('\\') {
        Some(path) => Cow::Owned(format!("HKEY_LOCAL_MACHINE\\SYSTEM\\{path}")),
        None => Cow::Borrowed(path),
    }
}

/// Whether deleting the key deletes bindings: it concerns them, or is a parent of such a key.
pub(super) fn has_bindings(path: &str) -> bool {
    let mut names = path.split('\\');
    let pattern = [
        &is_local_machine as &dyn Fn(&str) -> bool,
        &|_| true,
        &|name| ControlSet::named(name).is_some(),
        &|name| name.eq_ignore_ascii_case(PARAMETERS[0]),
        &|name| name.eq_ignore_ascii_case(PARAMETERS[1]),
        &|name| name.eq_ignore_ascii_case(PARAMETERS[2]),
        &|name| is_about_ssl(name),
    ];
    pattern
        .iter()
        .all(|is_there| names.next().is_none_or(is_there))
}

fn is_local_machine(name: &str) -> bool {
    name.eq_ignore_ascii_case("HKEY_LOCAL_MACHINE") || name.eq_ignore_ascii_case("HKLM")
}

/// The canonical path of a key: the spelling of the root and the case of letters do not matter.
pub(super) fn canonical(path: &str) -> String {
    let lower = path.to_lowercase();
    match lower.split_once('\\') {
        Some(("hklm", rest)) => format!("hkey_local_machine\\{rest}"),
        None if lower == "hklm" => "hkey_local_machine".to_owned(),
        _ => lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_determines_the_key() {
        let parameters = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP\Parameters";
        let role = |path: &str| Place::of(path).map(|place| place.role);
        let current = ControlSet::Current;
        for (below, expected) in [
            (
                r"\SslBindingInfo\0.0.0.0:443",
                Some(Role::Binding(current, Kind::IpPort, "0.0.0.0:443".into())),
            ),
            (
                r"\SSLSNIBINDINGINFO\{1}",
                Some(Role::Binding(current, Kind::Sni, "{1}".into())),
            ),
            (
                r"\SslCcsBindingInfo",
                Some(Role::Family(current, Kind::Ccs)),
            ),
            (
                r"\SslBindingInfo\0.0.0.0:443\Ex",
                Some(Role::Unknown(
                    current,
                    r"SslBindingInfo\0.0.0.0:443\Ex".into(),
                )),
            ),
            (
                r"\SslOther\x",
                Some(Role::Unknown(current, "SslOther".into())),
            ),
            (r"\UrlAclInfo", Some(Role::Reservations(current))),
            (r"\UrlAclInfo\x", None),
            ("", Some(Role::Parameters(current))),
        ] {
            assert_eq!(role(&format!("{parameters}{below}")), expected, "{below}");
        }
        let offline = r"hklm\Offline\controlset002\services\http\parameters\sslbindinginfo";
        let place = Place::of(offline).unwrap();
        assert_eq!(place.hive, "offline");
        assert_eq!(
            place.role,
            Role::Family(ControlSet::Numbered(2), Kind::IpPort)
        );
        assert_eq!(role(r"HKLM\SYSTEM\Select"), Some(Role::Select));
        for other in [
            r"HKEY_USERS\SYSTEM\Select",
            r"HKLM\SYSTEM\Select\x",
            r"HKLM\SYSTEM\CurrentControlSet\Services\HTTPS\Parameters\SslBindingInfo",
            r"HKLM\SYSTEM\CurrentControlSet\Services",
            "",
        ] {
            assert_eq!(Place::of(other), None, "{other}");
        }
    }

    #[test]
    fn deletion_of_a_key_includes_subkeys() {
        for path in [
            "HKLM",
            r"HKLM\SYSTEM",
            r"HKLM\SYSTEM\ControlSet001\Services",
            r"HKLM\SYSTEM\ControlSet001\Services\HTTP\Parameters",
            r"HKLM\SYSTEM\ControlSet001\Services\HTTP\Parameters\SslBindingInfo\x",
        ] {
            assert!(has_bindings(path), "{path}");
        }
        for path in [
            r"HKLM\SYSTEM\ControlSet001\Services\Dhcp",
            r"HKLM\SYSTEM\ControlSet001\Services\HTTP\Parameters\UrlAclInfo",
            r"HKLM\SOFTWARE\Contoso",
            "HKEY_USERS",
        ] {
            assert!(!has_bindings(path), "{path}");
        }
    }
}

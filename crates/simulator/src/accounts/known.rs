//! The accounts that every Windows has, by name and by SID.

use sha1::{Digest, Sha1};

use super::same;

/// Domain, name, SID ("Well-known SIDs" in Microsoft's documentation). A name may be given
/// without its domain.
const ACCOUNTS: &[(&str, &str, &str)] = &[
    ("", "Everyone", "S-1-1-0"),
    ("", "LOCAL", "S-1-2-0"),
    ("", "CREATOR OWNER", "S-1-3-0"),
    ("NT AUTHORITY", "NETWORK", "S-1-5-2"),
    ("NT AUTHORITY", "INTERACTIVE", "S-1-5-4"),
    ("NT AUTHORITY", "SERVICE", "S-1-5-6"),
    ("NT AUTHORITY", "ANONYMOUS LOGON", "S-1-5-7"),
    ("NT AUTHORITY", "Authenticated Users", "S-1-5-11"),
    ("NT AUTHORITY", "SYSTEM", "S-1-5-18"),
    ("NT AUTHORITY", "LOCAL SERVICE", "S-1-5-19"),
    ("NT AUTHORITY", "NETWORK SERVICE", "S-1-5-20"),
    ("BUILTIN", "Administrators", "S-1-5-32-544"),
    ("BUILTIN", "Users", "S-1-5-32-545"),
    ("BUILTIN", "Guests", "S-1-5-32-546"),
    ("BUILTIN", "Power Users", "S-1-5-32-547"),
    ("BUILTIN", "Remote Desktop Users", "S-1-5-32-555"),
    ("BUILTIN", "Network Configuration Operators", "S-1-5-32-556"),
    ("BUILTIN", "IIS_IUSRS", "S-1-5-32-568"),
    // Other spellings, which are not shown.
    ("NT AUTHORITY", "LocalService", "S-1-5-19"),
    ("NT AUTHORITY", "NetworkService", "S-1-5-20"),
];

/// The names of well-known accounts on Windows in other languages, from public command lines, output of
/// icacls, and the table of localized names in SQL Server's documentation. They are shown by their English
/// name.
const TRANSLATED: &[(&str, &str, &str)] = &[
    ("", "Jeder", "S-1-1-0"),
    ("", "Tout le monde", "S-1-1-0"),
    ("", "Todos", "S-1-1-0"),
    ("", "Все", "S-1-1-0"),
    ("", "Iedereen", "S-1-1-0"),
    ("", "Wszyscy", "S-1-1-0"),
    ("VORDEFINIERT", "Benutzer", "S-1-5-32-545"),
    ("VORDEFINIERT", "Administratoren", "S-1-5-32-544"),
    ("NT-AUTORITÄT", "Netzwerkdienst", "S-1-5-20"),
    ("NT-AUTORITÄT", "Lokaler Dienst", "S-1-5-19"),
    ("BUILTIN", "Utilisateurs", "S-1-5-32-545"),
    ("BUILTIN", "Administrateurs", "S-1-5-32-544"),
    ("AUTORITE NT", "Service réseau", "S-1-5-20"),
    ("BUILTIN", "Usuarios", "S-1-5-32-545"),
    ("BUILTIN", "Administradores", "S-1-5-32-544"),
];

pub(super) const EVERYONE: &str = "S-1-1-0";
pub(super) const LOCAL: &str = "S-1-2-0";
pub(super) const INTERACTIVE: &str = "S-1-5-4";
pub(super) const SERVICE: &str = "S-1-5-6";
pub(super) const AUTHENTICATED_USERS: &str = "S-1-5-11";
pub(super) const SYSTEM: &str = "S-1-5-18";
pub(super) const ADMINISTRATORS: &str = "S-1-5-32-544";
pub(super) const USERS: &str = "S-1-5-32-545";

/// Account domains whose SIDs are computed from names: the domain, and the prefix of the five
/// numbers.
const SERVICES: (&str, &str) = ("NT SERVICE", "S-1-5-80");
const POOLS: (&str, &str) = ("IIS APPPOOL", "S-1-5-82");

/// Services whose reservations are on many hosts: their names are found again.
const KNOWN_SERVICES: &[&str] = &[
    "WinRM",
    "Wecsvc",
    "adfssrv",
    "ReportServer",
    "SQLServerReportingServices",
    "PowerBIReportServer",
    "MSSQLSERVER",
    "W3SVC",
    "TrustedInstaller",
    // Their reservations are in the hives of client Windows.
    "SstpSvc",
    "TermService",
    "WMPNetworkSvc",
];

/// The SID of an account that every Windows has. A SID is its own.
pub(super) fn sid_of(name: &str) -> Option<String> {
    if name
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("S-1-"))
    {
        return Some(name.to_ascii_uppercase());
    }
    let (domain, account) = name.split_once('\\').unwrap_or(("", name));
    let (services, pools) = (SERVICES.0, POOLS.0);
    if domain.eq_ignore_ascii_case(services) {
        return made_of(SERVICES.1, &account.to_uppercase());
    }
    if domain.eq_ignore_ascii_case(pools) {
        return made_of(POOLS.1, &account.to_lowercase());
    }
    let found = ACCOUNTS.iter().chain(TRANSLATED).find(|(of, known, _)| {
        let is_there = domain.is_empty() || same(domain, of);
        is_there && same(account, known)
    });
    found.map(|(_, _, sid)| (*sid).to_owned())
}

/// Whether an account is logged on as a service.
pub(super) fn is_service(sid: &str) -> bool {
    let is_made = |start: &str| {
        sid.strip_prefix(start)
            .is_some_and(|rest| rest.starts_with('-'))
    };
    matches!(sid, SYSTEM | "S-1-5-19" | "S-1-5-20") || is_made(SERVICES.1) || is_made(POOLS.1)
}

/// `DOMAIN\name` of a SID.
pub(super) fn name_of(sid: &str) -> Option<String> {
    let known = ACCOUNTS.iter().find(|(_, _, known)| *known == sid);
    if let Some((domain, name, _)) = known {
        return Some(format!("{domain}\\{name}"));
    }
    let services = KNOWN_SERVICES
        .iter()
        .map(|name| format!("{}\\{name}", SERVICES.0));
    let pools = std::iter::once(format!("{}\\DefaultAppPool", POOLS.0));
    services
        .chain(pools)
        .find(|name| sid_of(name).as_deref() == Some(sid))
}

/// The SID of a service or of a pool: SHA-1 of the name in UTF-16, as five numbers.
fn made_of(start: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut sid = start.to_owned();
    for bytes in Sha1::digest(&units).chunks_exact(4) {
        let number = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        sid.push_str(&format!("-{number}"));
    }
    Some(sid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_sids_match_those_of_hosts() {
        let adfs = "S-1-5-80-2246541699-21809830-3603976364-117610243-975697593";
        let winrm = "S-1-5-80-569256582-2953403351-2909559716-1301513147-412116970";
        let wecsvc = "S-1-5-80-4059739203-877974739-1245631912-527174227-2996563517";
        for (name, sid) in [
            ("NT SERVICE\\adfssrv", adfs),
            ("NT SERVICE\\WinRM", winrm),
            ("NT SERVICE\\Wecsvc", wecsvc),
        ] {
            assert_eq!(sid_of(name).as_deref(), Some(sid));
            assert_eq!(name_of(sid).as_deref(), Some(name));
        }
        assert_eq!(sid_of("nt service\\winrm").as_deref(), Some(winrm));
        let pool = "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415";
        assert_eq!(sid_of("IIS AppPool\\DefaultAppPool").as_deref(), Some(pool));
    }

    #[test]
    fn groups_are_found_in_other_languages() {
        for name in ["Jeder", "tout le monde", "Todos", "ВСЕ"] {
            assert_eq!(sid_of(name).as_deref(), Some("S-1-1-0"), "{name}");
        }
        let service = sid_of("nt-autorität\\NETZWERKDIENST");
        assert_eq!(service.as_deref(), Some("S-1-5-20"));
        assert_eq!(sid_of("CONTOSO\\Jeder"), None);
    }

    /// They are printed with it.
    #[test]
    fn accounts_resolve_without_their_domain() {
        for (given, sid, shown) in [
            ("everyone", "S-1-1-0", "\\Everyone"),
            ("\\Everyone", "S-1-1-0", "\\Everyone"),
            (
                "NETWORK SERVICE",
                "S-1-5-20",
                "NT AUTHORITY\\NETWORK SERVICE",
            ),
            (
                "NT AUTHORITY\\NetworkService",
                "S-1-5-20",
                "NT AUTHORITY\\NETWORK SERVICE",
            ),
            ("BUILTIN\\users", "S-1-5-32-545", "BUILTIN\\Users"),
            ("Users", "S-1-5-32-545", "BUILTIN\\Users"),
        ] {
            assert_eq!(sid_of(given).as_deref(), Some(sid));
            assert_eq!(name_of(sid).as_deref(), Some(shown));
        }
        for unknown in ["", "CONTOSO\\svc", "CONTOSO\\Users", "NT SERVICE\\", "ü"] {
            assert_eq!(sid_of(unknown), None, "{unknown}");
        }
        assert_eq!(name_of("S-1-5-21-1-2-3-1001"), None);
    }
}

//! Accounts that every Windows has, by name and by SID.

use sha1::{Digest, Sha1};

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

/// Where SIDs are made of names: the domain, and what stands before the five numbers.
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

/// The SID of an account. Those of users and groups of a host or a domain are not known here.
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
    let found = ACCOUNTS.iter().find(|(of, known, _)| {
        let is_there = domain.is_empty() || domain.eq_ignore_ascii_case(of);
        is_there && account.eq_ignore_ascii_case(known)
    });
    found.map(|(_, _, sid)| (*sid).to_owned())
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

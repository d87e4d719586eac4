//! The configuration of a newly installed Windows.

use certbind_httpapi_abi::service::UrlReservation;

use crate::accounts::Accounts;

/// URL and descriptor, with the names of services in place of their SIDs. From public output of
/// `netsh http show urlacl` on hosts without other configuration (win-acme 1418 and 1621, Sonarr
/// 5714, Microsoft's "Debugging Tools" blog on `Temporary_Listen_Addresses`), and from `UrlAclInfo`
/// of public SYSTEM hives of Windows 7 to 10 21H2, which all have them. Those that only clients, or
/// only some releases, have are left out: WinRM by TLS, remote desktops, the sharing of media,
/// BranchCache.
const STOCK: &[(&str, &str)] = &[
    ("http://+:80/Temporary_Listen_Addresses/", "(A;;GX;;;WD)"),
    ("http://+:5985/wsman/", "(A;;GX;;;WinRM)(A;;GX;;;Wecsvc)"),
    ("http://+:47001/wsman/", "(A;;GX;;;WinRM)(A;;GX;;;Wecsvc)"),
    ("http://*:5357/", "(A;;GX;;;BU)(A;;GX;;;LS)"),
    ("https://*:5358/", "(A;;GX;;;BU)(A;;GX;;;LS)"),
    ("http://+:10246/MDEServer/", "(A;;GX;;;AU)"),
    (
        "https://+:443/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/",
        "(A;;GA;;;SstpSvc)(A;;GA;;;BA)(A;;GA;;;SY)",
    ),
];

const SERVICES: [&str; 3] = ["WinRM", "Wecsvc", "SstpSvc"];

/// The URL reservations of every newly installed Windows: of WCF, WinRM, device discovery, media
/// sharing, and SSTP. Not verified on real Windows as a complete list; each is in public listings.
///
/// # Panics
/// Never: the table is tested.
#[must_use]
pub fn stock_reservations() -> Vec<UrlReservation> {
    let accounts = Accounts::well_known();
    let reservation = |(url, entries): &(&str, &str)| {
        let mut sddl = format!("D:{entries}");
        for service in SERVICES {
            let sid = accounts.sid_of(&format!("NT SERVICE\\{service}"));
            let sid = sid.expect("every service has a SID");
            sddl = sddl.replace(&format!(";{service})"), &format!(";{sid})"));
        }
        UrlReservation {
            url: url.parse().expect("a URL"),
            sddl: sddl.parse().expect("a descriptor"),
        }
    };
    STOCK.iter().map(reservation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As hosts have it: certbind/tests/netsh/samples/urlacl-listing.txt.
    #[test]
    fn services_have_the_sids_of_hosts() {
        let found = stock_reservations();
        assert_eq!(found.len(), STOCK.len());
        assert_eq!(
            found[1].sddl.to_string(),
            "D:(A;;GX;;;S-1-5-80-569256582-2953403351-2909559716-1301513147-412116970)\
             (A;;GX;;;S-1-5-80-4059739203-877974739-1245631912-527174227-2996563517)"
        );
        let accounts = Accounts::well_known();
        for reservation in found {
            for ace in reservation.sddl.aces() {
                assert!(accounts.name_of(ace.sid()).is_some(), "{}", reservation.url);
            }
        }
    }
}

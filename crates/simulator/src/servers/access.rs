//! The accounts that may register a URL.

use certbind_httpapi_abi::service::{Ace, UrlPrefix, UrlReservation};

use crate::accounts::Accounts;

/// Whether the caller may register a URL. The reservation of the longest prefix decides, of the same scheme,
/// host and port; without one, the namespace is the administrators' ("Processing Reservations" in Microsoft's
/// documentation). `http://localhost` on a port above 1024 is everybody's ("HTTP.sys web server implementation
/// in ASP.NET Core").
///
/// The rule that an administrator may not register a URL reserved for others follows from the first
/// of these pages; not verified on real Windows.
pub(super) fn may_register(
    url: &UrlPrefix,
    reservations: &[UrlReservation],
    accounts: &Accounts,
    is_administrator: bool,
) -> bool {
    let covering = reservations
        .iter()
        .filter(|reserved| url.canonical().starts_with(reserved.url.canonical()))
        .max_by_key(|reserved| reserved.url.canonical().len());
    let Some(reserved) = covering else {
        return is_administrator || accounts.caller_is(SYSTEM, false) || is_local(url);
    };
    // The first entry of the caller's decides.
    let entries = reserved.sddl.aces().iter();
    let mut decisive = entries.filter(|entry| {
        (entry.may_listen() || entry.denies_listening())
            && accounts.caller_is(entry.sid(), is_administrator)
    });
    decisive.next().is_some_and(Ace::may_listen)
}

const SYSTEM: &str = "S-1-5-18";

/// Whether it needs no rights where no reservation covers it.
fn is_local(url: &UrlPrefix) -> bool {
    let port = url
        .canonical()
        .strip_prefix("http://localhost:")
        .and_then(|rest| rest.split('/').next())
        .and_then(|port| port.parse::<u16>().ok());
    port.is_some_and(|port| port > 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_reservation_decides() {
        let reserved = |url: &str, sddl: &str| UrlReservation {
            url: url.parse().unwrap(),
            sddl: sddl.parse().unwrap(),
        };
        let reservations = [
            reserved("http://+:80/", "D:(A;;GX;;;BA)"),
            reserved("http://+:80/app/", "D:(A;;GX;;;NS)(A;;GW;;;BU)"),
            reserved("http://+:80/app/open/", "D:(D;;GX;;;S-1-5-6)(A;;GA;;;WD)"),
        ];
        let person = Accounts::named("HOST", "ann");
        let service = person.clone().run_as("NETWORK SERVICE").unwrap();
        let system = person.clone().run_as("SYSTEM").unwrap();
        for (url, who, is_administrator, may) in [
            ("http://+:80/x/", &person, false, false),
            ("http://+:80/x/", &person, true, true),
            ("http://+:80/App/", &person, false, false),
            ("http://+:80/App/", &person, true, false),
            ("http://+:80/App/", &service, false, true),
            ("http://+:80/App/sub/", &service, false, true),
            ("http://+:80/application/", &service, false, false),
            ("http://+:80/app/open/", &person, false, true),
            ("http://+:80/app/open/", &service, false, false),
            // Another host, scheme or port is another namespace.
            ("http://*:80/app/", &service, false, false),
            ("https://+:80/app/", &service, false, false),
            ("http://+:8080/app/", &service, false, false),
            ("http://+:8080/app/", &service, true, true),
            ("http://+:8080/app/", &system, false, true),
            ("http://localhost:8080/", &person, false, true),
            ("http://localhost:1024/", &person, false, false),
            ("https://localhost:8080/", &person, false, false),
        ] {
            let url = url.parse().unwrap();
            let found = may_register(&url, &reservations, who, is_administrator);
            assert_eq!(found, may, "{url}");
        }
    }
}

//! URL reservations for everyone.

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB031",
    title: "A URL is reserved for everyone",
    severity: Severity::Warning,
    why: "Every user of the host, including unprivileged ones, can register the URL and answer \
        its requests. For an https URL on a bound port, the responses are sent with the host's \
        certificate.",
    remedy: "Reserve the URL for the account of the service that needs it: netsh http delete urlacl \
        url=URL, then netsh http add urlacl url=URL user=ACCOUNT.",
};

pub(super) const CHECK: Check = Check::Host(check);

/// Windows has this from the start (public listings of hosts).
const OF_WINDOWS: &str = "/Temporary_Listen_Addresses/";

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let reading = &host.export.reading;
    let configuration = reading.export.configuration.as_ref();
    let reservations = configuration.iter().flat_map(|it| &it.url_reservations);
    for reservation in reservations {
        let is_for_everyone = |ace: &certbind_httpapi_abi::service::Ace| {
            ace.sid() == "S-1-1-0" && (ace.may_listen() || ace.may_delegate())
        };
        let url = reservation.url.as_str();
        if url.ends_with(OF_WINDOWS) || !reservation.sddl.aces().iter().any(is_for_everyone) {
            continue;
        }
        findings.add(
            host.place(Subject::Record(url.into()), None)
                .in_registry(reading.reservations.as_ref()),
            format!(
                "S-1-1-0 (Everyone) may register this URL: {}",
                reservation.sddl
            ),
        );
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let reserved = |url: &str, sddl: &str| Scene::new().reserved(url, sddl);
    Cases::new()
        .trips(
            reserved("https://+:443/app/", "D:(A;;GX;;;WD)"),
            &["https://+:443/app/"],
            "S-1-1-0 (Everyone) may register this URL: D:(A;;GX;;;WD)",
        )
        .trips(
            reserved("http://+:80/app/", "D:(A;;GX;;;NS)(A;;GW;;;S-1-1-0)"),
            &["http://+:80/app/"],
            "may register this URL",
        )
        .passes(
            "it is of a service",
            reserved("http://+:80/app/", "D:(A;;GX;;;NS)"),
        )
        .passes(
            "everyone is denied",
            reserved("http://+:80/app/", "D:(D;;GX;;;WD)"),
        )
        .passes(
            "Windows has it from the start",
            reserved("http://+:80/Temporary_Listen_Addresses/", "D:(A;;GX;;;WD)"),
        )
}

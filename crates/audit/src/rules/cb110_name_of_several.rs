//! A name that different certificates answer for.

use std::collections::BTreeMap;

use certbind_certificates::Name;

use crate::finding::{FindingLocation, RelatedLocations, Subject};
use crate::fleet::Fleet;
use crate::host_binding::HostBinding;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB110",
    title: "A name is served by different certificates",
    severity: Severity::Warning,
    why: "Clients get one certificate from one host or port and a different one from another: a \
        renewal has missed one of them, or will.",
    remedy: "Replace the old certificate with certbind rotate, on every host that still has it.",
};

pub(super) const CHECK: Check = Check::Fleet(check);

fn check(fleet: &Fleet<'_>, findings: &mut Findings) {
    // Of each name, a place of each certificate.
    let mut served: BTreeMap<&str, Vec<HostBinding<'_>>> = BTreeMap::new();
    for (hash, uses) in fleet.uses.iter() {
        let mut serve = |name, bound| {
            let places: &mut Vec<HostBinding<'_>> = served.entry(name).or_default();
            let last = places.last().and_then(|last| last.binding.record().hash());
            if last != Some(hash) {
                places.push(bound);
            }
        };
        for bound in uses {
            if let Some(host) = bound.binding.key().host() {
                serve(host.as_str(), *bound);
            }
        }
        // A record of an address answers for every name of its certificate.
        let at_address = uses
            .iter()
            .find(|bound| bound.binding.key().host().is_none());
        if let (Some(held), Some(bound)) = (fleet.inventory.get(hash), at_address) {
            for name in held.certificate.names() {
                // Every host is a localhost.
                if let Name::Dns(name) = name
                    && name != "localhost"
                {
                    serve(name, *bound);
                }
            }
        }
    }
    for (name, places) in served {
        if places.len() < 2 {
            continue;
        }
        let place = FindingLocation {
            host: None,
            subject: Subject::Name(name.into()),
            line: None,
            registry: None,
        };
        findings
            .add(
                place,
                format!("{} different certificates are bound for it", places.len()),
            )
            .related_to(RelatedLocations::of(places.iter().map(HostBinding::place)));
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, another_certificate};
    let www = || Scene::new().bind("hostnameport=www.contoso.com:443");
    Cases::new()
        .trips(
            www()
                .host("web-02")
                .bind_as("hostnameport=www.contoso.com:443", another_certificate),
            &["www.contoso.com"],
            "2 different certificates are bound",
        )
        .trips(
            www().bind_as("hostnameport=www.contoso.com:8443", another_certificate),
            &["www.contoso.com"],
            "2 different certificates",
        )
        .trips(
            Scene::new()
                .knows("www")
                .knows("www-again")
                .bind_to("0.0.0.0:443", "www")
                .bind_to("[::]:443", "www-again"),
            &["*.shop.contoso.com", "www.contoso.com"],
            "2 different certificates",
        )
        .trips(
            Scene::new()
                .knows("www")
                .bind_to("0.0.0.0:443", "www")
                .bind("hostnameport=www.contoso.com:443"),
            &["www.contoso.com"],
            "2 different certificates",
        )
        .passes(
            "one certificate for an address and a name",
            Scene::new()
                .knows("www")
                .bind_to("0.0.0.0:443", "www")
                .bind_to("hostnameport=www.contoso.com:443", "www"),
        )
        .passes(
            "the names of addresses are not known",
            Scene::new()
                .bind_to("0.0.0.0:443", "www")
                .bind("hostnameport=www.contoso.com:443"),
        )
        .passes(
            "the same",
            www()
                .host("web-02")
                .bind("hostnameport=www.contoso.com:443"),
        )
        .passes(
            "every host is a localhost",
            Scene::new()
                .knows("local")
                .bind_to("0.0.0.0:443", "local")
                .bind("hostnameport=localhost:443"),
        )
        .passes(
            "other names",
            www().bind_as("hostnameport=shop.contoso.com:443", another_certificate),
        )
}

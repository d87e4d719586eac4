//! A certificate that nothing uses.

use crate::finding::{FindingLocation, Subject};
use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB109",
    title: "A certificate of the inventory is not bound",
    severity: Severity::Note,
    why: "It was replaced and not removed, or never bound. An unused private key is a risk, and \
        its renewals may still cost money.",
    remedy: "Revoke and delete it, or bind it. Certificates of authorities are not reported.",
};

pub(super) const CHECK: Check = Check::Fleet(check);

fn check(fleet: &Fleet<'_>, findings: &mut Findings) {
    let bindings = fleet.hosts.iter().flat_map(|host| &host.bindings);
    let mut kinds = bindings.map(|bound| bound.binding.key().kind());
    let unless = match kinds.any(|kind| !kind.names_certificate()) {
        true => ", unless it is in the central certificate store, whose records have no hash",
        false => "",
    };
    for held in fleet.inventory.iter() {
        let certificate = &held.certificate;
        if certificate.is_authority() || !fleet.uses.get(certificate.hash()).is_empty() {
            continue;
        }
        let place = FindingLocation {
            host: None,
            subject: Subject::Certificate(*certificate.hash()),
            line: None,
            registry: None,
        };
        let subject = certificate.subject();
        findings.add(
            place,
            format!("nothing is bound to {subject:?} of {:?}{unless}", held.file),
        );
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    const OLD: &[u8] = include_bytes!("../../tests/fixtures/www-again.pem");
    Cases::new()
        .trips(
            Scene::new()
                .knows("www")
                .knows_file("old.pem", OLD)
                .bind_to("0.0.0.0:443", "www"),
            &["certificate 0495aae04b1efff027e1ba5611616b5fc08bfebc"],
            "of \"old.pem\"",
        )
        .trips(
            Scene::new().knows_file("old.pem", OLD).bind("ccs=443"),
            &["certificate 0495aae04b1efff027e1ba5611616b5fc08bfebc"],
            "unless it is in the central certificate store",
        )
        .passes(
            "it is bound",
            Scene::new().knows("www").bind_to("0.0.0.0:443", "www"),
        )
        .passes("an authority's", Scene::new().knows("authority"))
}

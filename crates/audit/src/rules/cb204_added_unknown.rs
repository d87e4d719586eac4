//! A new binding of an unknown application or certificate.

use certbind_core::Binding;

use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB204",
    title: "A binding of unknown origin was added since the baseline",
    severity: Severity::Warning,
    why: "No known application and no certificate of the inventory explains the binding. Malware \
        that listens through HTTP.sys binds certificates, too.",
    remedy: "Find out which program made it. Name its application in the configuration, or add its \
        certificate to the inventory.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, fleet: &Fleet<'_>, findings: &mut Findings) {
    let Some(before) = host.before() else {
        return;
    };
    for bound in &host.bindings {
        if before.contains_key(bound.binding.key()) {
            continue;
        }
        if let Some(unknown) = unknown(bound.binding, fleet) {
            findings.add(bound.place(), unknown);
        }
    }
}

/// The unknown part of a binding. Without an inventory, certificates are not checked.
fn unknown(binding: &Binding, fleet: &Fleet<'_>) -> Option<&'static str> {
    let record = binding.record();
    let application = fleet.config.application(&record.app_id).is_none();
    let certificate = fleet.inventory.is_given()
        && record.hash().is_some()
        && fleet.certificate(binding).is_none();
    match (application, certificate) {
        (true, true) => Some("it is new, and its application and certificate are unknown"),
        (true, false) => Some("it is new, and its application is unknown"),
        (false, true) => Some("it is new, and its certificate is not in the inventory"),
        (false, false) => None,
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, bound};
    use certbind_core::{Record, Uuid};
    let strange = |record: &mut Record| record.app_id = Uuid::from_u128(7);
    Cases::new()
        .trips(
            Scene::new().bind_as("0.0.0.0:443", strange).was(Vec::new()),
            &["ipport=0.0.0.0:443"],
            "its application is unknown",
        )
        .trips(
            Scene::new()
                .knows("www")
                .bind("0.0.0.0:443")
                .was(Vec::new()),
            &["ipport=0.0.0.0:443"],
            "its certificate is not in the inventory",
        )
        .trips(
            Scene::new()
                .knows("www")
                .bind_as("0.0.0.0:443", strange)
                .was(Vec::new()),
            &["ipport=0.0.0.0:443"],
            "its application and certificate are unknown",
        )
        .passes("both are known", Scene::www().was(Vec::new()))
        .passes(
            "no inventory",
            Scene::new().bind("0.0.0.0:443").was(Vec::new()),
        )
        .passes(
            "it is not new",
            Scene::new()
                .bind_as("0.0.0.0:443", strange)
                .was(vec![bound("0.0.0.0:443", strange)]),
        )
        .passes(
            "there is no baseline",
            Scene::new().bind_as("0.0.0.0:443", strange),
        )
}

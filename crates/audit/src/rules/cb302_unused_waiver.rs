//! A waiver of nothing.

use crate::finding::{FindingLocation, Subject};
use crate::rule::Rule;
use crate::rules::{Check, Findings, Waivers};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB302",
    title: "A waiver matches no finding",
    severity: Severity::Note,
    why: "The finding was fixed, or the waiver names the wrong object. A waiver that stays hides \
        the same problem when it returns.",
    remedy: "Remove it from the configuration, or correct the key, certificate, name or host that \
        it names.",
};

pub(super) const CHECK: Check = Check::Waivers(check);

fn check(waivers: &Waivers<'_>, findings: &mut Findings) {
    for (waiver, _) in waivers.iter().filter(|(_, is_used)| !is_used) {
        let place = FindingLocation {
            host: None,
            subject: Subject::Waiver(waiver.to_string().into()),
            line: None,
            registry: None,
        };
        findings.add(place, "it covers no finding");
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, waived};
    let nameless = |scene: Scene| {
        scene.bind_as("0.0.0.0:443", |record| {
            record.certificate.as_mut().unwrap().store_name = None;
        })
    };
    Cases::new()
        .trips(
            Scene::new()
                .bind("0.0.0.0:443")
                .with(waived("CB005", "0.0.0.0:443", "2026-12-31")),
            &["CB005 of ipport=0.0.0.0:443"],
            "it covers no finding",
        )
        .passes(
            "it covers something",
            nameless(Scene::new()).with(waived("CB005", "0.0.0.0:443", "2026-12-31")),
        )
}

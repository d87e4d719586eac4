//! A waiver that has ended.

use crate::finding::{FindingLocation, Subject};
use crate::rule::Rule;
use crate::rules::{Check, Findings, Waivers};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB301",
    title: "A waiver has expired",
    severity: Severity::Warning,
    why: "The findings that it covered are reported again. They were due to be fixed by that day.",
    remedy: "Correct the waived findings and remove the waiver from the configuration, or give it \
        a new end.",
};

pub(super) const CHECK: Check = Check::Waivers(check);

fn check(waivers: &Waivers<'_>, findings: &mut Findings) {
    for (waiver, _) in waivers
        .iter()
        .filter(|(it, _)| it.is_expired(waivers.config.now))
    {
        let place = FindingLocation {
            host: None,
            subject: Subject::Waiver(waiver.to_string().into()),
            line: None,
            registry: None,
        };
        findings.add(place, format!("it expired on {}", waiver.until));
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, waived};
    Cases::new()
        .trips(
            Scene::new()
                .bind("0.0.0.0:443")
                .with(waived("CB005", "0.0.0.0:443", "2026-05-31")),
            &["CB005 of ipport=0.0.0.0:443"],
            "expired on 2026-05-31",
        )
        .passes(
            "its last day",
            Scene::new()
                .bind("0.0.0.0:443")
                .with(waived("CB005", "0.0.0.0:443", "2026-06-01")),
        )
}

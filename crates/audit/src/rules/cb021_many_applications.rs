//! A certificate that many applications use.

use std::collections::BTreeSet;

use crate::finding::{FindingLocation, RelatedLocations, Subject};
use crate::fleet::Fleet;
use crate::host_binding::HostBinding;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB021",
    title: "Many applications use one certificate",
    severity: Severity::Note,
    why: "The applications share one private key: if it is stolen from one of them, all are \
        affected, and a renewal has to update all of them on the same day.",
    remedy: "Give applications of different owners certificates of their own; for the renewal, \
        certbind rotate finds every record.",
};

pub(super) const CHECK: Check = Check::Fleet(check);

fn check(fleet: &Fleet<'_>, findings: &mut Findings) {
    for (hash, uses) in fleet.uses.iter() {
        let many = fleet.config.many_applications.max(2);
        if uses.len() < many {
            continue;
        }
        let applications: BTreeSet<_> = uses
            .iter()
            .map(|bound| bound.binding.record().app_id)
            .collect();
        if applications.len() < many {
            continue;
        }
        let printed: Vec<_> = applications
            .iter()
            .take(RelatedLocations::MAX_LOCATIONS)
            .map(|id| match fleet.config.application(id) {
                Some(name) => name.to_owned(),
                None => format!("{{{id}}}"),
            })
            .collect();
        let more = match applications.len() - printed.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let sentence = format!(
            "{} applications use it: {}{more}",
            applications.len(),
            printed.join(", ")
        );
        let place = FindingLocation {
            host: None,
            subject: Subject::Certificate(*hash),
            line: None,
            registry: None,
        };
        findings
            .add(place, sentence)
            .related_to(RelatedLocations::of(uses.iter().map(HostBinding::place)));
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    use certbind_core::{Record, Uuid};
    let of = |id| move |record: &mut Record| record.app_id = Uuid::from_u128(id);
    let three = || {
        Scene::new()
            .bind("0.0.0.0:443")
            .bind_as("0.0.0.0:444", of(1))
            .host("web-02")
            .bind_as("0.0.0.0:443", of(2))
    };
    Cases::new()
        .trips(
            three(),
            &["certificate 0101010101010101010101010101010101010101"],
            "3 applications use it: {00000000-0000-0000-0000-000000000001}, {00000000-0000-0000-0000-000000000002}, IIS",
        )
        .passes("more are allowed", three().with(|config| config.many_applications = 4))
        .passes(
            "three of two",
            Scene::new().bind("0.0.0.0:443").bind_as("0.0.0.0:444", of(1)).bind_as("0.0.0.0:445", of(1)),
        )
}

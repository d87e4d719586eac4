//! A record that cannot be read.

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB023",
    title: "A record of the export cannot be read",
    severity: Severity::Error,
    why: "The binding was not audited: its certificate and options are unknown.",
    remedy: "Export the host again. If the record is still damaged, show it with netsh, delete it \
        and bind it again.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for problem in &host.export.reading.errors {
        let subject = match &problem.record {
            Some(record) => Subject::Record(record.as_str().into()),
            None => Subject::Export,
        };
        let place = host.place(subject, problem.line);
        let place = place.in_registry(problem.registry.as_deref());
        findings.add(place, problem.what.clone());
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let listing = include_str!("../../../../examples/host-2022.txt");
    Cases::new()
        .trips(
            Scene::new().export(&listing.replacen(
                "Usage Check                  : Enabled",
                "Usage Check                  : Perhaps",
                1,
            )),
            &["0.0.0.0:443"],
            "expected Enabled or Disabled",
        )
        .passes("a whole one", Scene::new().export(listing))
}

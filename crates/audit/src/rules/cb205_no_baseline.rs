//! A host that is compared with nothing.

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::host_export::Baseline;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB205",
    title: "A host has no baseline",
    severity: Severity::Warning,
    why: "The host is new, or its baseline is missing: changes to its bindings are not reported.",
    remedy: "Check whether the host is new. If so, take a baseline of it (--save-baseline). If not, \
        compare the names: a host is named by its export, or else by its file.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    if let Baseline::Missing(why) = &host.export.baseline {
        findings.add(host.place(Subject::Export, None), why.clone());
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().host_with(|host| {
                host.baseline = Baseline::Missing("this host has no baseline".to_owned());
            }),
            &["the export"],
            "this host has no baseline",
        )
        .passes("none was requested", Scene::new())
        .passes("it has one", Scene::new().was(Vec::new()))
}

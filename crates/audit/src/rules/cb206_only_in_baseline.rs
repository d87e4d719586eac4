//! A host that is missing.

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::host_export::NotAssessed;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB206",
    title: "A host of the baseline was not audited",
    severity: Severity::Error,
    why: "The baseline contains this host, but no export of it was given. The report does not \
        cover it.",
    remedy: "Export the host again. If it was taken out of service, remove its baseline.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    if host.export.not_assessed == Some(NotAssessed::OnlyInBaseline) {
        let place = host.place(Subject::Export, None);
        findings.add(place, "this host is only in the baseline");
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, bound};
    let gone = |reason| {
        Scene::new()
            .was(vec![bound("0.0.0.0:443", |_| ())])
            .host_with(|host| host.not_assessed = Some(reason))
    };
    Cases::new()
        .trips(
            gone(NotAssessed::OnlyInBaseline),
            &["the export"],
            "only in the baseline",
        )
        .passes(
            "its export cannot be read, which is CB027",
            gone(NotAssessed::Unreadable(String::new())),
        )
        .passes("it was audited", Scene::new().was(Vec::new()))
}

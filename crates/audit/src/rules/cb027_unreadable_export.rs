//! An export that cannot be read at all.

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::host_export::NotAssessed;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB027",
    title: "The export of a host cannot be read",
    severity: Severity::Error,
    why: "The bindings of this host are unknown. No other rule was applied to it.",
    remedy: "Export the host again. Remove files that are no exports from the folder, and empty files of \
        collections that failed.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    if let Some(NotAssessed::Unreadable(why)) = &host.export.not_assessed {
        findings.add(host.place(Subject::Export, None), why.clone());
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let broken =
        |reason: NotAssessed| Scene::new().host_with(|host| host.not_assessed = Some(reason));
    Cases::new()
        .trips(
            broken(NotAssessed::Unreadable("the file is empty".to_owned())),
            &["the export"],
            "the file is empty",
        )
        .passes("a host without bindings", Scene::new())
        .passes(
            "no export, which is CB206",
            broken(NotAssessed::OnlyInBaseline),
        )
}

//! A binding that the baseline has not.

use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB201",
    title: "A binding was added since the baseline",
    severity: Severity::Note,
    why: "An installer, an administrator or an intruder added it after the baseline was taken.",
    remedy: "Find out its origin, and take a new baseline if the binding is to stay.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let Some(before) = host.before() else {
        return;
    };
    for bound in &host.bindings {
        if !before.contains_key(bound.binding.key()) {
            findings.add(bound.place(), "it is not in the baseline");
        }
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, bound};
    let was = || vec![bound("0.0.0.0:443", |_| ())];
    Cases::new()
        .trips(
            Scene::new()
                .bind("0.0.0.0:443")
                .bind("0.0.0.0:444")
                .was(was()),
            &["ipport=0.0.0.0:444"],
            "it is not in the baseline",
        )
        .passes("it was there", Scene::new().bind("0.0.0.0:443").was(was()))
        .passes("there is no baseline", Scene::new().bind("0.0.0.0:444"))
}

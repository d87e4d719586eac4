//! A binding that only the baseline has.

use std::collections::BTreeMap;

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB202",
    title: "A binding was removed since the baseline",
    severity: Severity::Warning,
    why: "The service no longer responds there, or responds with another certificate.",
    remedy: "Bind it again from the baseline (certbind plan and apply), or take a new baseline.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for binding in host.before().into_iter().flat_map(BTreeMap::into_values) {
        let now = host
            .bindings
            .binary_search_by(|bound| bound.binding.key().cmp(binding.key()));
        if now.is_err() {
            let place = host.place(Subject::Binding(binding.clone()), None);
            findings.add(place, "it is in the baseline but no longer on the host");
        }
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, bound};
    let was = || vec![bound("0.0.0.0:443", |_| ())];
    Cases::new()
        .trips(
            Scene::new().bind("0.0.0.0:444").was(was()),
            &["ipport=0.0.0.0:443"],
            "no longer on the host",
        )
        .passes(
            "it is there",
            Scene::new()
                .bind("0.0.0.0:443")
                .bind("0.0.0.0:444")
                .was(was()),
        )
        .passes("there is no baseline", Scene::new())
}

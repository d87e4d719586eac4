//! Client certificates of any usage.

use certbind_core::{Binding, CertCheckMode};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB011",
    title: "The usage of client certificates is not checked",
    severity: Severity::Warning,
    why: "A certificate that was issued for another purpose, such as email or a server, \
        authenticates its owner as a client.",
    remedy: "Turn the check on (netsh: usagecheck=enable), and issue client certificates for client \
        authentication.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    binding
        .record()
        .check_mode
        .contains(CertCheckMode::NO_USAGE_CHECK)
        .then_some(Sentence::Borrowed(
            "the usage of client certificates is not checked",
        ))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind_as("hostnameport=a.example:443", |record| {
                record.check_mode |= CertCheckMode::NO_USAGE_CHECK;
            }),
            &["hostnameport=a.example:443"],
            "the usage of client certificates is not checked",
        )
        .passes("it is at its default", Scene::new().bind("0.0.0.0:443"))
        .passes(
            "everything else",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.check_mode = !CertCheckMode::NO_USAGE_CHECK;
            }),
        )
}

//! Revocation that is checked against cached data alone.

use certbind_core::{Binding, CertCheckMode};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB010",
    title: "Revocation is checked with cached data only",
    severity: Severity::Note,
    why: "The host never downloads a revocation list. Unless another program downloads it, a \
        revoked certificate is accepted, or its status stays unknown, for as long as the cached \
        data is used.",
    remedy: "Let it fetch (netsh: verifyrevocationwithcachedclientcertonly=disable), or see that \
        something keeps the cache fresh.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    binding
        .record()
        .check_mode
        .contains(CertCheckMode::CACHED_REVOCATION)
        .then_some(Sentence::Borrowed(
            "revocation is checked against cached data only",
        ))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind_as("hostnameport=a.example:443", |record| {
                record.check_mode |= CertCheckMode::CACHED_REVOCATION;
            }),
            &["hostnameport=a.example:443"],
            "revocation is checked against cached data only",
        )
        .passes("it is at its default", Scene::new().bind("0.0.0.0:443"))
        .passes(
            "everything else",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.check_mode = !CertCheckMode::CACHED_REVOCATION;
            }),
        )
}

//! Client certificates that are not checked for revocation.

use certbind_core::{Binding, CertCheckMode};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB009",
    title: "Client certificates are not checked for revocation",
    severity: Severity::Warning,
    why: "HTTP.sys accepts a revoked client certificate, for example one whose key was stolen or \
        whose owner has left, until it expires.",
    remedy: "Turn the check on (netsh: verifyclientcertrevocation=enable), and see that the host \
        can reach the authorities' lists. Where no client certificates are asked for, waive \
        it.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    binding
        .record()
        .check_mode
        .contains(CertCheckMode::NO_REVOCATION)
        .then_some(Sentence::Borrowed(
            "client certificates are not checked for revocation",
        ))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind_as("hostnameport=a.example:443", |record| {
                record.check_mode |= CertCheckMode::NO_REVOCATION;
            }),
            &["hostnameport=a.example:443"],
            "client certificates are not checked for revocation",
        )
        .passes("it is at its default", Scene::new().bind("0.0.0.0:443"))
        .passes(
            "everything else",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.check_mode = !CertCheckMode::NO_REVOCATION;
            }),
        )
}

//! A binding that staples no OCSP response.

use certbind_core::{Binding, SslFlags};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB016",
    title: "OCSP stapling is disabled",
    severity: Severity::Note,
    why: "Each client has to ask the CA whether the certificate is revoked. That is slow and \
        tells the CA who connects; most clients do not ask at all. Clients reject a certificate \
        that requires stapling (OCSP Must-Staple).",
    remedy: "Enable it (netsh: disableocspstapling=disable), unless the host cannot reach the \
        authority.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    binding
        .record()
        .flags
        .contains(SslFlags::DISABLE_OCSP_STAPLING)
        .then_some(Sentence::Borrowed("no OCSP response is stapled"))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind_as("hostnameport=a.example:443", |record| {
                record.flags |= SslFlags::DISABLE_OCSP_STAPLING;
            }),
            &["hostnameport=a.example:443"],
            "no OCSP response is stapled",
        )
        .passes("it is at its default", Scene::new().bind("0.0.0.0:443"))
        .passes(
            "everything else",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.flags = !SslFlags::DISABLE_OCSP_STAPLING;
            }),
        )
}

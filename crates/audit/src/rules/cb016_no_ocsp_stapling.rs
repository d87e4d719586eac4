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
    why: "Each client has to ask the authority whether the certificate is revoked. This takes \
        longer and reveals the client to the authority, and most clients do not ask. A \
        certificate that demands stapling is refused.",
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

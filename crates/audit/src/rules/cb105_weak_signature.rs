//! A certificate with a weak signature.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB105",
    title: "The certificate's signature is weak",
    severity: Severity::Error,
    why: "An attacker who can find collisions of the hash algorithm can forge another certificate \
        from this issuer. Browsers reject SHA-1 and older algorithms.",
    remedy: "Request a new certificate that is signed with SHA-256 or better.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let signature = fleet.certificate(binding)?.certificate.signature();
    signature
        .is_weak()
        .then(|| format!("its certificate is signed with {signature}").into())
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let key = &["hostnameport=www.contoso.com:443"];
    Cases::new()
        .trips(
            Scene::new().knows("sha1").bind_to(key[0], "sha1"),
            key,
            "signed with SHA-1",
        )
        .passes("SHA-256", Scene::www())
}

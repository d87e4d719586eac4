//! A certificate without a subject alternative name.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB112",
    title: "The certificate has no subject alternative name",
    severity: Severity::Warning,
    why: "Browsers and webpki (rustls) read names only from the subject alternative name and \
        reject this certificate for every host. Other clients still accept the common name.",
    remedy: "Request a certificate with the host names as DNS names in its subject alternative name.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let certificate = &fleet.certificate(binding)?.certificate;
    certificate.named_by_subject().then(|| {
        "its certificate has neither a DNS name nor an address as subject alternative name".into()
    })
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new()
                .knows("no-san")
                .bind_to("hostnameport=www.contoso.com:443", "no-san")
                .bind_to("0.0.0.0:443", "no-san"),
            &["ipport=0.0.0.0:443", "hostnameport=www.contoso.com:443"],
            "neither a DNS name nor an address",
        )
        .passes("it has", Scene::www())
        .passes(
            "it is not known",
            Scene::new().knows("www").bind_to("0.0.0.0:443", "no-san"),
        )
}

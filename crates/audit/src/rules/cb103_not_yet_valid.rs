//! A certificate that is not valid yet.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence, day};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB103",
    title: "The certificate is not valid yet",
    severity: Severity::Error,
    why: "Clients refuse the certificate until its validity starts, as they refuse an expired one.",
    remedy: "Bind its predecessor until then, or correct the clock of the issuer.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let begin = fleet
        .certificate(binding)?
        .certificate
        .validity()
        .not_before;
    (begin > fleet.config.now)
        .then(|| format!("its certificate is not valid before {}", day(begin)).into())
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let key = &["hostnameport=www.contoso.com:443"];
    Cases::new()
        .trips(
            Scene::www().on("2025-12-31"),
            key,
            "not valid before 2026-01-01",
        )
        .passes("it is valid", Scene::www())
}

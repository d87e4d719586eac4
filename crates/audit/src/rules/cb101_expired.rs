//! An expired certificate.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence, day};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB101",
    title: "The certificate has expired",
    severity: Severity::Error,
    why: "Clients refuse the connection or show a warning. Users who see the warning often learn \
        to ignore it.",
    remedy: "Install its successor, and certbind rotate OLD-HASH NEW-HASH.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let end = fleet.certificate(binding)?.certificate.validity().not_after;
    (end < fleet.config.now).then(|| format!("its certificate expired on {}", day(end)).into())
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let key = &["hostnameport=www.contoso.com:443"];
    Cases::new()
        .trips(Scene::www().on("2027-01-02"), key, "expired on 2027-01-01")
        .passes("it is valid", Scene::www())
        .passes("the last day", Scene::www().on("2027-01-01"))
        .passes(
            "nothing is known",
            Scene::new().bind_to("0.0.0.0:443", "www").on("2028-01-01"),
        )
}

//! A certificate that the inventory does not contain.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB108",
    title: "The certificate is not in the inventory",
    severity: Severity::Warning,
    why: "The owner and the expiry date of the certificate are unknown. If it is missing on the \
        host as well, connections are reset.",
    remedy: "Add it to the folder of certificates, or bind one that is known.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let hash = binding.record().hash()?;
    (fleet.inventory.is_given() && fleet.inventory.get(hash).is_none())
        .then(|| format!("its certificate {hash} is not in the inventory").into())
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let key = &["hostnameport=www.contoso.com:443"];
    Cases::new()
        .trips(
            Scene::new().knows("www-again").bind_to(key[0], "www"),
            key,
            "is not in the inventory",
        )
        .passes("it is", Scene::www())
        .passes("there is no inventory", Scene::new().bind(key[0]))
        .passes("it has none", Scene::new().knows("www").bind("ccs=443"))
}

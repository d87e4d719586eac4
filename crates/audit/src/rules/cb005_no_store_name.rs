//! A record that names no certificate store.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB005",
    title: "A record has no certificate store name",
    severity: Severity::Warning,
    why: "HTTP.sys then searches the MY store. IIS, and tools that list its sites, expect a store \
        name: without one, listing the site bindings fails or omits the record.",
    remedy: "Bind it again with a store name: certbind update KEY --store-name MY, or netsh's \
        certstorename=MY.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    let certificate = binding.record().certificate.as_ref()?;
    certificate
        .store_name
        .is_none()
        .then_some(Sentence::Borrowed(
            "it has no certificate store name; HTTP.sys searches MY",
        ))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.certificate.as_mut().unwrap().store_name = None;
            }),
            &["ipport=0.0.0.0:443"],
            "no certificate store name",
        )
        .passes("a store name", Scene::new().bind("0.0.0.0:443"))
        .passes(
            "the central store has no name",
            Scene::new().bind("ccs=443"),
        )
}

//! A record of an application that is not known.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB007",
    title: "A record belongs to an unknown application",
    severity: Severity::Note,
    why: "Records outlive the programs that created them. After a program is uninstalled, its \
        binding stays, and the port serves a certificate that is no longer renewed.",
    remedy: "Find out which program has the id. If a program needs it, name the id in the \
        configuration, under [applications]; if not, delete the record.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let id = binding.record().app_id;
    (!id.is_nil() && fleet.config.application(&id).is_none())
        .then(|| format!("no known application has the id {{{id}}}").into())
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let ours = certbind_core::Uuid::from_u128(7);
    let of_ours = || Scene::new().bind_as("0.0.0.0:443", |record| record.app_id = ours);
    Cases::new()
        .trips(
            of_ours(),
            &["ipport=0.0.0.0:443"],
            "{00000000-0000-0000-0000-000000000007}",
        )
        .passes("IIS", Scene::new().bind("0.0.0.0:443"))
        .passes(
            "a name in the configuration",
            of_ours().with(|config| drop(config.applications.insert(ours, "Ours".into()))),
        )
        .passes(
            "none at all is another finding",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.app_id = certbind_core::Uuid::nil();
            }),
        )
}

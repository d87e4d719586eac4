//! A record without an application id.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB006",
    title: "A record has no application id",
    severity: Severity::Note,
    why: "The owner of the record is unknown, and so is whether it is safe to delete. HTTP.sys \
        does not check the id; some programs and guides leave it empty.",
    remedy: "Find out which program needs it, and bind it again under an id of that program: \
        certbind update KEY --app-id GUID.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    binding
        .record()
        .app_id
        .is_nil()
        .then_some(Sentence::Borrowed("its application id is all zeros"))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.app_id = certbind_core::Uuid::nil();
            }),
            &["ipport=0.0.0.0:443"],
            "all zeros",
        )
        .passes("an id", Scene::new().bind("0.0.0.0:443"))
}

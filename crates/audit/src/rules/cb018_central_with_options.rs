//! A plain binding of the central store with options.

use certbind_core::{Binding, BindingKey};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB018",
    title: "A ccs record has options",
    severity: Severity::Warning,
    why: "HTTP.sys refuses options on a ccs record. A record that has them was written to the \
        registry directly or read from another source: it cannot be set on a host, and whether \
        the options have an effect is unknown.",
    remedy: "Clear the options, or bind host names of the central store (scopedccs), which take \
        them.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    let record = binding.record();
    (matches!(binding.key(), BindingKey::Ccs(_)) && record.has_options()).then_some(
        Sentence::Borrowed("it has options, which HTTP.sys refuses on ccs keys"),
    )
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    use certbind_core::SslFlags;
    Cases::new()
        .trips(
            Scene::new().bind_as("ccs=443", |record| record.flags |= SslFlags::DISABLE_HTTP2),
            &["ccs=443"],
            "it has options",
        )
        .passes("no options", Scene::new().bind("ccs=443"))
        .passes(
            "a host name of the central store",
            Scene::new().bind_as("scopedccs=a.example:443", |record| {
                record.flags |= SslFlags::DISABLE_HTTP2;
            }),
        )
}

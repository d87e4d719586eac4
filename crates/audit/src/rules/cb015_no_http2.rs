//! A binding without HTTP/2.

use certbind_core::{Binding, SslFlags};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB015",
    title: "HTTP/2 is disabled",
    severity: Severity::Note,
    why: "Clients open more connections and pages load more slowly. gRPC does not work at all.",
    remedy: "Enable it (netsh: disablehttp2=disable), unless something needs HTTP/1.1, as Windows \
        authentication does that is bound to a connection.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    binding
        .record()
        .flags
        .contains(SslFlags::DISABLE_HTTP2)
        .then_some(Sentence::Borrowed("HTTP/2 is disabled"))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind_as("hostnameport=a.example:443", |record| {
                record.flags |= SslFlags::DISABLE_HTTP2;
            }),
            &["hostnameport=a.example:443"],
            "HTTP/2 is disabled",
        )
        .passes("it is at its default", Scene::new().bind("0.0.0.0:443"))
        .passes(
            "everything else",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.flags = !SslFlags::DISABLE_HTTP2;
            }),
        )
}

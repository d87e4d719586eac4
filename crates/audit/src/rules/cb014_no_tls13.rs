//! A binding without TLS 1.3.

use certbind_core::{Binding, SslFlags};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB014",
    title: "TLS 1.3 is disabled",
    severity: Severity::Note,
    why: "Clients fall back to TLS 1.2, which needs one more round trip and sends client \
        certificates unencrypted. HTTP/3 requires TLS 1.3.",
    remedy: "Enable it (netsh: disabletls13=disable), unless something that asks for client \
        certificates in the middle of a connection needs TLS 1.2.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    binding
        .record()
        .flags
        .contains(SslFlags::DISABLE_TLS13)
        .then_some(Sentence::Borrowed("TLS 1.3 is disabled"))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind_as("hostnameport=a.example:443", |record| {
                record.flags |= SslFlags::DISABLE_TLS13;
            }),
            &["hostnameport=a.example:443"],
            "TLS 1.3 is disabled",
        )
        .passes("it is at its default", Scene::new().bind("0.0.0.0:443"))
        .passes(
            "everything else",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.flags = !SslFlags::DISABLE_TLS13;
            }),
        )
}

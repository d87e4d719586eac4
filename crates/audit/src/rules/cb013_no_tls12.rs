//! A binding without TLS 1.2.

use certbind_core::{Binding, SslFlags};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB013",
    title: "TLS 1.2 is disabled",
    severity: Severity::Warning,
    why: "Clients without TLS 1.3 cannot connect, or use older versions where those are allowed. \
        If TLS 1.3 and the old versions are disabled as well, no client can connect.",
    remedy: "Enable it (netsh: disabletls12=disable), unless every client is known to speak TLS \
        1.3.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    let flags = binding.record().flags;
    flags
        .contains(SslFlags::DISABLE_TLS12)
        .then_some(Sentence::Borrowed(
            match (
                flags.contains(SslFlags::DISABLE_TLS13),
                flags.contains(SslFlags::DISABLE_LEGACY_TLS),
            ) {
                (true, true) => "every version of TLS is disabled: no client can connect",
                (true, false) => "TLS 1.2 and 1.3 are disabled, so only older versions remain",
                (false, true) => "TLS 1.2 is disabled: clients need TLS 1.3",
                (false, false) => "TLS 1.2 is disabled, but older versions are not",
            },
        ))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let with = |flags| {
        Scene::new().bind_as("0.0.0.0:443", move |record| {
            record.flags = SslFlags::DISABLE_TLS12 | flags;
        })
    };
    let key = &["ipport=0.0.0.0:443"];
    Cases::new()
        .trips(with(SslFlags::empty()), key, "older versions are not")
        .trips(
            with(SslFlags::DISABLE_LEGACY_TLS),
            key,
            "clients need TLS 1.3",
        )
        .trips(
            with(SslFlags::DISABLE_TLS13),
            key,
            "only older versions remain",
        )
        .trips(
            with(SslFlags::DISABLE_TLS13 | SslFlags::DISABLE_LEGACY_TLS),
            key,
            "no client can connect",
        )
        .passes(
            "it is enabled",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.flags = !SslFlags::DISABLE_TLS12;
            }),
        )
}

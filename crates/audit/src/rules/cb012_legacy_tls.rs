//! A binding that does not exclude old versions of TLS.

use certbind_core::{Binding, BindingKey, SslFlags};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB012",
    title: "Legacy TLS versions are not disabled",
    severity: Severity::Note,
    why: "TLS 1.0, TLS 1.1 and weak cipher suites are available if Schannel allows them on the \
        host. Those settings are in another part of the registry and are not part of a binding.",
    remedy: "Disable them for the binding (netsh: disablelegacytls=enable, Windows Server 2022 \
        and later), or for the host in Schannel's settings; then turn the rule off.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    let flags = binding.record().flags;
    (!flags.intersects(SslFlags::DISABLE_LEGACY_TLS | SslFlags::REJECT) && takes_options(binding))
        .then_some(Sentence::Borrowed("TLS 1.0 and 1.1 are not disabled"))
}

/// A plain binding of the central store takes no options, so there is nothing to set.
fn takes_options(binding: &Binding) -> bool {
    !matches!(binding.key(), BindingKey::Ccs(_))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.flags = SslFlags::DISABLE_HTTP2;
            }),
            &["ipport=0.0.0.0:443"],
            "TLS 1.0 and 1.1 are not disabled",
        )
        .passes("ruled out", Scene::new().bind("0.0.0.0:443"))
        .passes(
            "it rejects every connection",
            Scene::new().bind_as("0.0.0.0:443", |record| record.flags = SslFlags::REJECT),
        )
        .passes(
            "it takes no options",
            Scene::new().bind_as("ccs=443", |record| record.flags = SslFlags::empty()),
        )
}

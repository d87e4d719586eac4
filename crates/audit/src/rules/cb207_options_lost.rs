//! Options that a renewal lost.

use certbind_core::Binding;
use certbind_migrate::FieldChange;

use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB207",
    title: "A renewal lost options of a binding",
    severity: Severity::Error,
    why: "The key has a new certificate, and options that it had are back at their defaults: the program \
        that renewed it deleted the binding and added it again. Client certificates are no longer asked \
        for or checked, or a protocol that was switched off is on again.",
    remedy: "Restore the options with certbind heal --before EXPORT, which keeps the new certificate. Then \
        renew with certbind rotate, or have the renewal program update the binding in place.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let before = host.before().unwrap_or_default();
    for bound in &host.bindings {
        let Some(was) = before.get(bound.binding.key()) else {
            continue;
        };
        if was.record().hash() == bound.binding.record().hash() {
            continue;
        }
        let lost = lost(was, bound.binding);
        if !lost.is_empty() {
            findings.add(
                bound.place(),
                format!("with the new certificate it lost: {}", lost.join("; ")),
            );
        }
    }
}

/// The options that a binding had before, and that are at their defaults now.
fn lost(was: &Binding, now: &Binding) -> Vec<String> {
    let changes = FieldChange::between(was, now);
    let lost = changes.iter().filter(|change| is_loss(change));
    lost.map(|change| format!("{} {}", change.name(), change.change()))
        .collect()
}

fn is_loss(change: &FieldChange) -> bool {
    match change {
        FieldChange::CheckMode(values) => values.before.bits() & !values.after.bits() != 0,
        FieldChange::Flags(values) => values.before.bits() & !values.after.bits() != 0,
        FieldChange::RevocationFreshnessTime(values) | FieldChange::UrlRetrievalTimeout(values) => {
            values.after == 0
        }
        FieldChange::CtlIdentifier(values) => values.after.is_none(),
        FieldChange::CtlStoreName(values) => values.after.is_none(),
        FieldChange::Extended(change) => change.values.after.is_none(),
        _ => false,
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, another_certificate, bound};
    use certbind_core::{Record, SslFlags};
    let mutual = |record: &mut Record| {
        record.flags |= SslFlags::NEGOTIATE_CLIENT_CERT | SslFlags::DISABLE_HTTP2;
        record.ctl_store_name = Some("Partners".parse().unwrap());
    };
    let was = || vec![bound("0.0.0.0:443", mutual)];
    Cases::new()
        .trips(
            Scene::new()
                .bind_as("0.0.0.0:443", another_certificate)
                .was(was()),
            &["ipport=0.0.0.0:443"],
            "Partners",
        )
        .trips(
            Scene::new()
                .bind_as("0.0.0.0:443", another_certificate)
                .was(was()),
            &["ipport=0.0.0.0:443"],
            "-disable_http2",
        )
        .trips(
            Scene::new()
                .bind_as("0.0.0.0:443", |record| {
                    another_certificate(record);
                    mutual(record);
                    record.ctl_store_name = None;
                })
                .was(was()),
            &["ipport=0.0.0.0:443"],
            "Partners",
        )
        .passes(
            "every option is kept",
            Scene::new()
                .bind_as("0.0.0.0:443", |record| {
                    another_certificate(record);
                    mutual(record);
                })
                .was(was()),
        )
        .passes(
            "the certificate is the same: a change that CB203 reports",
            Scene::new().bind("0.0.0.0:443").was(was()),
        )
        .passes(
            "options were added",
            Scene::new()
                .bind_as("0.0.0.0:443", |record| {
                    another_certificate(record);
                    mutual(record);
                })
                .was(vec![bound("0.0.0.0:443", |_| ())]),
        )
        .passes("there is no baseline", Scene::new().bind("0.0.0.0:443"))
}

//! Options that a renewal lost.

use certbind_core::Binding;
use certbind_migrate::FieldChange;

use crate::comparison::Comparison;
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
    for renewed in host.changed().filter(Comparison::is_renewed) {
        let (was, now) = renewed.as_both_show();
        let lost = lost(&was, &now);
        if !lost.is_empty() {
            findings.add(
                renewed.bound.place(),
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
        FieldChange::StoreName(values) | FieldChange::CtlStoreName(values) => {
            values.after.is_none()
        }
        FieldChange::AppId(values) => values.after.is_nil(),
        FieldChange::Extended(change) => change.values.after.is_none(),
        // The new certificate, and the spelling of the key.
        FieldChange::Hash(_) | FieldChange::HostSpelling(_) => false,
        // A field that this version does not know: its loss cannot be told from a change.
        _ => true,
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, another_certificate, bound};
    use certbind_core::{Record, SslFlags};
    use certbind_formats::netsh::Release;
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
        .trips(
            Scene::new()
                .bind_as("0.0.0.0:443", |record| {
                    another_certificate(record);
                    mutual(record);
                    record.certificate.as_mut().unwrap().store_name = None;
                })
                .was(was()),
            &["ipport=0.0.0.0:443"],
            "store name MY",
        )
        .trips(
            Scene::new()
                .bind_as("0.0.0.0:443", |record| {
                    another_certificate(record);
                    mutual(record);
                    record.app_id = certbind_core::Uuid::nil();
                })
                .was(was()),
            &["ipport=0.0.0.0:443"],
            "application",
        )
        .passes(
            "the listing has no line for the option, which CB208 reports",
            Scene::new()
                .bind_as("0.0.0.0:443", |record| {
                    another_certificate(record);
                    mutual(record);
                    record.flags.remove(SslFlags::DISABLE_HTTP2);
                })
                .host_with(|host| {
                    host.reading.export.layout = Some(Release::Server2012R2.layout());
                })
                .was(was()),
        )
        .passes(
            "the certificate is in another certificate store",
            Scene::new()
                .bind_as("0.0.0.0:443", |record| {
                    another_certificate(record);
                    mutual(record);
                    let store = Some("WebHosting".parse().unwrap());
                    record.certificate.as_mut().unwrap().store_name = store;
                })
                .was(was()),
        )
        .passes("there is no baseline", Scene::new().bind("0.0.0.0:443"))
}

//! IPv6 clients get another certificate than IPv4 clients.

use crate::effective_certificate::EffectiveCertificate;
use crate::finding::RelatedLocations;
use crate::fleet::{Fleet, Host};
use crate::precedence;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB003",
    title: "IPv4 and IPv6 clients get different certificates or options",
    severity: Severity::Warning,
    why: "Clients use either IP version to reach the same name, so the same client can get \
        different certificates on different days. A renewal or hardening of 0.0.0.0 alone does \
        not change [::].",
    remedy: "Give both records the same certificate and options; or delete that of [::], since \
        0.0.0.0 answers for IPv6 as well.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for at in host.ports.values() {
        let (Some(v4), Some(v6)) = (&at.any_v4, &at.any_v6) else {
            continue;
        };
        let differences =
            EffectiveCertificate(v4.binding).differences(EffectiveCertificate(v6.binding));
        if !differences.is_empty() {
            let sentence = format!(
                "it differs from {} in: {}",
                v4.binding.key(),
                differences.join(", ")
            );
            findings
                .add(v6.place(), sentence)
                .resting_on(precedence::ORDER)
                .related_to(RelatedLocations::of([v4.place()]));
        }
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, hash};
    use certbind_core::SslFlags;
    Cases::new()
        .trips(
            Scene::new()
                .bind("0.0.0.0:443")
                .bind_as("[::]:443", |record| {
                    record.certificate.as_mut().unwrap().hash = hash(2);
                    record.flags |= SslFlags::DISABLE_HTTP2;
                }),
            &["ipport=[::]:443"],
            "it differs from ipport=0.0.0.0:443 in: certificate, flags",
        )
        .passes(
            "the same",
            Scene::new().bind("0.0.0.0:443").bind("[::]:443"),
        )
        .passes(
            "of two applications",
            Scene::new()
                .bind("0.0.0.0:443")
                .bind_as("[::]:443", |record| {
                    record.app_id = crate::applications::IIS_EXPRESS;
                }),
        )
        .passes(
            "two ports",
            Scene::new()
                .bind("0.0.0.0:443")
                .bind_as("[::]:444", |record| {
                    record.certificate.as_mut().unwrap().hash = hash(2);
                }),
        )
}

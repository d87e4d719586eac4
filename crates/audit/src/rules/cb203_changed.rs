//! A binding that is not as in the baseline.

use certbind_migrate::FieldChange;

use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB203",
    title: "A binding was changed since the baseline",
    severity: Severity::Warning,
    why: "The certificate or options differ from the baseline: the binding was renewed or \
        hardened, or a renewal reset its options to their defaults.",
    remedy: "See that the change was meant (certbind diff shows it field by field), and take a new \
        baseline.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for changed in host.changed() {
        let (was, now) = changed.as_both_show();
        let changes: Vec<_> = FieldChange::between(&was, &now)
            .iter()
            .map(|change| format!("{} {}", change.name(), change.change()))
            .collect();
        if !changes.is_empty() {
            findings.add(
                changed.bound.place(),
                format!("it was changed: {}", changes.join("; ")),
            );
        }
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, bound, hash};
    use crate::host_export::Baseline;
    use certbind_core::SslFlags;
    use certbind_formats::netsh::Release;
    let was = || {
        vec![bound("0.0.0.0:443", |record| {
            record.certificate.as_mut().unwrap().hash = hash(2);
        })]
    };
    Cases::new()
        .trips(
            Scene::new().bind("0.0.0.0:443").was(was()),
            &["ipport=0.0.0.0:443"],
            "0202020202020202020202020202020202020202 -> 0101010101010101010101010101010101010101",
        )
        .passes(
            "it is as it was",
            Scene::new()
                .bind("0.0.0.0:443")
                .was(vec![bound("0.0.0.0:443", |_| ())]),
        )
        .passes(
            "the listing has no line for the option that the baseline has",
            Scene::new()
                .bind_as("0.0.0.0:443", |record| record.flags = SslFlags::empty())
                .host_with(|host| {
                    host.reading.export.layout = Some(Release::Server2012R2.layout());
                })
                .was(vec![bound("0.0.0.0:443", |_| ())]),
        )
        .passes(
            "the baseline is a listing without a line for the option",
            Scene::new().bind("0.0.0.0:443").host_with(|host| {
                host.baseline = Baseline::Bindings {
                    bindings: vec![bound("0.0.0.0:443", |record| {
                        record.flags = SslFlags::empty();
                    })],
                    layout: Some(Box::new(Release::Server2012R2.layout())),
                };
            }),
        )
        .passes(
            "it was not there",
            Scene::new().bind("0.0.0.0:444").was(was()),
        )
}

//! A record that was read in part.

use certbind_formats::WarningKind;

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB024",
    title: "A record of the export was read only in part",
    severity: Severity::Warning,
    why: "Some settings are unknown, or are missing and assumed to be at their defaults: findings \
        for the record may not apply to the host.",
    remedy: "Export the host again, completely. The message names a setting that this version \
        does not know; check it on the host.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let warnings = host.export.reading.warnings.iter();
    for warning in warnings.filter(|warning| {
        let doubtful = [WarningKind::Inferred, WarningKind::Unusual];
        warning.kind.changes_behaviour() || doubtful.contains(&warning.kind)
    }) {
        let bound = warning.key.as_ref().and_then(|key| {
            let at = host
                .bindings
                .binary_search_by(|bound| bound.binding.key().cmp(key));
            host.bindings.get(at.ok()?)
        });
        let mut place = match (bound, &warning.path) {
            (Some(bound), _) => bound.place(),
            (None, Some(path)) => host.place(Subject::Record(path.as_str().into()), None),
            (None, None) => host.place(Subject::Export, None),
        };
        place.line = warning.line.or(place.line);
        if place.registry.is_none() {
            place = place.in_registry(warning.registry.as_deref());
        }
        findings.add(place, warning.what.clone());
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let listing = include_str!("../../../../examples/host-2022.txt");
    let usage = "    Usage Check                  : Enabled\r\n";
    Cases::new()
        .trips(
            Scene::new().export(&listing.replacen(usage, "", 1)),
            &["ipport=0.0.0.0:443"],
            "trimmed: no value for Usage Check",
        )
        .trips(
            Scene::new().export(&listing.replacen("Usage Check   ", "Usage Chuck   ", 1)),
            &["ipport=0.0.0.0:443", "ipport=0.0.0.0:443"],
            "Usage",
        )
        .passes("a whole one", Scene::new().export(listing))
}

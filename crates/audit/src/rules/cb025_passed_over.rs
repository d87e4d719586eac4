//! Lines that belong to no record.

use certbind_formats::WarningKind;

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB025",
    title: "Lines of the export belong to no record",
    severity: Severity::Note,
    why: "The lines may belong to a record that is missing from the export.",
    remedy: "Export the host again, and do not edit the file.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let skipped = host.export.reading.warnings.iter();
    for warning in skipped.filter(|warning| warning.kind == WarningKind::Skipped) {
        // A registry key, where the export has them.
        let subject = match &warning.path {
            Some(path) => Subject::Record(path.as_str().into()),
            None => Subject::Export,
        };
        let place = host.place(subject, warning.line);
        let place = place.in_registry(warning.registry.as_deref());
        findings.add(place, warning.what.clone());
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, REGISTRY_BINDING, Scene, registry};
    let listing = include_str!("../../../../examples/host-2022.txt");
    let orphan = listing.replacen(
        "SSL Certificate bindings:",
        "    Colour                       : blue\r\nSSL Certificate bindings:",
        1,
    );
    Cases::new()
        .trips(
            Scene::new().export(&orphan),
            &["the export"],
            "belongs to no record",
        )
        .trips(
            Scene::new().export(&registry(
                "\"ListenOnlyList\"=dword:00000001\r\n",
                REGISTRY_BINDING,
            )),
            &["Parameters"],
            "\"ListenOnlyList\" was ignored: expected REG_MULTI_SZ",
        )
        .passes("a whole one", Scene::new().export(listing))
}

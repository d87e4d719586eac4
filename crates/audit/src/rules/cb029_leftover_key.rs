//! A registry key that looks like a binding but is none.

use certbind_formats::WarningKind;

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB029",
    title: "A registry key has options but no certificate",
    severity: Severity::Note,
    why: "HTTP.sys has no binding for the key, so the options in it have no effect. Guides that \
        set DefaultFlags in the registry leave such keys on hosts whose binding has a different \
        key.",
    remedy: "Set the option on the binding that answers, with certbind update or netsh, and delete the key.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let warnings = host.export.reading.warnings.iter();
    for warning in warnings.filter(|warning| warning.kind == WarningKind::Leftover) {
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
    use super::harness::{Cases, Scene, registry};
    let leftover = registry("", "\"DefaultFlags\"=dword:00000002\r\n");
    let bound = registry("", super::harness::REGISTRY_BINDING);
    Cases::new()
        .trips(
            Scene::new().export(&leftover),
            &["SslBindingInfo\\0.0.0.0:443"],
            "neither a certificate nor an application",
        )
        .passes("it is a binding", Scene::new().export(&bound))
}

//! A name that different certificates answer for.

use std::collections::BTreeMap;

use crate::finding::{Place, Related, Severity, Subject};
use crate::fleet::{Bound, Fleet};
use crate::rules::{Check, Findings, Rule};

pub(super) static RULE: Rule = Rule {
    id: "CB110",
    title: "A name is served by different certificates",
    severity: Severity::Warning,
    why: "Clients of the name get one certificate on one host or port and another elsewhere: one of \
        them was left behind by a renewal, or will be.",
    remedy: "certbind rotate the old one, on every host that still has it.",
    check: Check::Fleet(check),
};

fn check(fleet: &Fleet<'_>, findings: &mut Findings) {
    let mut names: BTreeMap<&str, Vec<&Bound<'_>>> = BTreeMap::new();
    for bound in fleet.hosts.iter().flat_map(|host| &host.bindings) {
        let key = bound.binding.key();
        if let (Some(host), Some(_)) = (key.host(), bound.binding.record().hash()) {
            names.entry(host.as_str()).or_default().push(bound);
        }
    }
    for (name, bound) in names {
        let mut hashes: Vec<_> = bound.iter().filter_map(|it| it.binding.record().hash()).collect();
        hashes.sort_unstable();
        hashes.dedup();
        if hashes.len() < 2 {
            continue;
        }
        let place = Place {
            host: None,
            subject: Subject::Name(name.into()),
            line: None,
        };
        findings
            .add(place, format!("{} certificates are bound for it", hashes.len()))
            .related_to(Related::of(bound.iter().map(|bound| bound.place())));
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, hash};
    let other = |record: &mut store_core::Record| {
        record.certificate.as_mut().unwrap().hash = hash(2);
    };
    let www = || Scene::new().bind("hostnameport=www.contoso.com:443");
    Cases::new()
        .trips(
            www().host("web-02").bind_as("hostnameport=www.contoso.com:443", other),
            &["www.contoso.com"],
            "2 certificates are bound",
        )
        .trips(
            www().bind_as("hostnameport=www.contoso.com:8443", other),
            &["www.contoso.com"],
            "2 certificates",
        )
        .passes("the same", www().host("web-02").bind("hostnameport=www.contoso.com:443"))
        .passes("other names", www().bind_as("hostnameport=shop.contoso.com:443", other))
}

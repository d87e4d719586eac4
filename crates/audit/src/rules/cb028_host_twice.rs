//! A host that was audited twice.

use std::collections::BTreeMap;

use crate::finding::{FindingLocation, RelatedLocations, Subject};
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB028",
    title: "Two exports have the same host name",
    severity: Severity::Warning,
    why: "One of them is outdated or was saved under the name of another host, and totals count \
        both. If a name is wrong, the export of another host is missing.",
    remedy: "Keep the newer export. Rename the file, or correct the host in its header, if it is of \
        another host.",
};

pub(super) const CHECK: Check = Check::Fleet(check);

fn check(fleet: &Fleet<'_>, findings: &mut Findings) {
    let mut hosts: BTreeMap<String, Vec<&Host<'_>>> = BTreeMap::new();
    for host in &fleet.hosts {
        // Names of hosts are compared without case, as DNS and NetBIOS do.
        let name = host.export.name.to_lowercase();
        hosts.entry(name).or_default().push(host);
    }
    for same in hosts.values() {
        let [first, others @ ..] = same.as_slice() else {
            continue;
        };
        for host in others {
            let source = first.export.source.as_deref().unwrap_or("another export");
            let related: [FindingLocation; 1] = [first.place(Subject::Export, None)];
            findings
                .add(
                    host.place(Subject::Export, None),
                    format!("{source} is an export of {:?} as well", host.export.name),
                )
                .related_to(RelatedLocations::of(related));
        }
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new()
                .host_with(|host| host.source = Some("a/web-01.txt".to_owned()))
                .host("WEB-01"),
            &["the export"],
            "a/web-01.txt is an export of \"WEB-01\" as well",
        )
        .passes("two hosts", Scene::new().host("web-02"))
}

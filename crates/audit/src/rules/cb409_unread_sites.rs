//! A configuration of IIS that cannot be read.

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::host_export::SitesOfIis;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB409",
    title: "The IIS configuration cannot be read",
    severity: Severity::Error,
    why: "The sites of the host are unknown, so the rules about sites find nothing. The audit \
        does not guess: it refuses sections in another file, encrypted sections and unknown \
        elements.",
    remedy: "Copy applicationHost.config from the host again (System32\\inetsrv\\config), whole. \
        If the sites are in another file (configSource), give a copy with the section in its \
        place. --iis HOST=FILE names the host of a file.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    if let SitesOfIis::Unreadable { file, why } = &host.export.iis {
        findings.add(
            host.place(Subject::Site("applicationHost.config".into()), None),
            format!("{file} cannot be read: {why}"),
        );
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().iis("<web/>"),
            &["site applicationHost.config"],
            "its root is \"web\", not configuration (line 1)",
        )
        .passes("it can be read", Scene::new().site("Shop", "*:443:", 0))
        .passes("none was given", Scene::new())
}

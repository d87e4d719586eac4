//! A site that uses the central certificate store, without its record in HTTP.sys.

use crate::fleet::{Fleet, Host};
use crate::iis::SiteFlags;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;
use crate::site_match::Answer;

pub(super) static RULE: Rule = Rule {
    id: "CB408",
    title: "A site uses the central certificate store, which is not configured",
    severity: Severity::Error,
    why: "The sslFlags of the site select the central certificate store, but HTTP.sys has no \
        central store record for the port: clients get the certificate of an address, or none.",
    remedy: "Enable Centralized Certificates in IIS Manager and save the binding of the site again, or add the \
        record (certbind add ccs=PORT). Its folder and account are in the registry under \
        SOFTWARE\\Microsoft\\IIS\\CentralCertProvider.",
};

pub(super) const CHECK: Check = Check::Host(check);

const BASIS: &str = "The folder of the central store is in the SOFTWARE hive, which is not part of the \
    audit: only the record of HTTP.sys is checked";

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for of in host.site_bindings() {
        if !of.binding.flags.contains(SiteFlags::CENTRAL) {
            continue;
        }
        let otherwise = match host.answer(of.binding) {
            Answer::Own(_) => continue,
            Answer::Other(record) => format!("{} is used instead", record.binding.key()),
            Answer::Nothing => "no other record matches".to_owned(),
        };
        findings
            .add(
                host.place_of_site(of),
                format!("there is no record ccs={}; {otherwise}", of.binding.port),
            )
            .resting_on(BASIS);
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let site = |scene: Scene, flags| scene.site("Shop", "*:443:www.contoso.com", flags);
    let place = &["site Shop (*:443:www.contoso.com)"];
    Cases::new()
        .trips(
            site(Scene::new(), 3),
            place,
            "no record ccs=443; no other record matches",
        )
        .trips(
            site(Scene::new().bind("0.0.0.0:443"), 2),
            place,
            "ipport=0.0.0.0:443 is used instead",
        )
        .passes("its record", site(Scene::new().bind("ccs=443"), 3))
        .passes(
            "a record of its name",
            site(Scene::new().bind("scopedccs=www.contoso.com:443"), 3),
        )
        .passes("it does not use the store", site(Scene::new(), 1))
}

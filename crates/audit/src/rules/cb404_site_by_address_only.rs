//! A site with SNI that only a record of another kind answers.

use crate::finding::RelatedLocations;
use crate::fleet::{Fleet, Host};
use crate::iis::SiteFlags;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;
use crate::site_match::Answer;

pub(super) static RULE: Rule = Rule {
    id: "CB404",
    title: "A site that requires SNI has no record for its host name",
    severity: Severity::Warning,
    why: "IIS expects a certificate for the host name, and HTTP.sys has none: clients get the \
        certificate of the address or of the central certificate store, which may belong to \
        another site.",
    remedy: "Bind the site's certificate to its name (hostnameport=HOST:PORT), or clear Require Server \
        Name Indication in the binding of the site if the other certificate is meant.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, fleet: &Fleet<'_>, findings: &mut Findings) {
    for of in host.site_bindings() {
        let flags = of.binding.flags;
        if !flags.contains(SiteFlags::SNI) || flags.contains(SiteFlags::CENTRAL) {
            continue;
        }
        let Answer::Other(record) = host.answer(of.binding) else {
            continue;
        };
        let certificate = fleet.certificate(record.binding);
        let name = of.binding.host.as_deref().unwrap_or_default();
        let verdict = match certificate.map(|it| it.certificate.covers(name)) {
            Some(true) => ", with a certificate that covers the name",
            Some(false) => ", with a certificate that does not cover the name",
            None => "",
        };
        findings
            .add(
                host.place_of_site(of),
                format!("{} is used instead{verdict}", record.binding.key()),
            )
            .related_to(RelatedLocations::of([record.place()]));
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let site = |scene: Scene| scene.site("Shop", "*:443:www.contoso.com", 1);
    let place = &["site Shop (*:443:www.contoso.com)"];
    let sni = "hostnameport=www.contoso.com:443";
    Cases::new()
        .trips(
            site(Scene::new().bind("0.0.0.0:443")),
            place,
            "ipport=0.0.0.0:443 is used instead",
        )
        .trips(
            site(Scene::new().bind("ccs=443")),
            place,
            "ccs=443 is used instead",
        )
        .trips(
            site(Scene::new().knows("www").bind_to("0.0.0.0:443", "www")),
            place,
            "a certificate that covers the name",
        )
        .trips(
            site(Scene::new().knows("local").bind_to("0.0.0.0:443", "local")),
            place,
            "does not cover the name",
        )
        .passes(
            "its record",
            site(Scene::new().bind(sni).bind("0.0.0.0:443")),
        )
        .passes("CB401: nothing answers", site(Scene::new()))
        .passes(
            "it asks for an address",
            Scene::new()
                .bind("0.0.0.0:443")
                .site("Shop", "*:443:www.contoso.com", 0),
        )
}

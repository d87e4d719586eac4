//! A site of IIS without a binding that answers for it.

use crate::fleet::{Fleet, Host};
use crate::iis::SiteFlags;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;
use crate::site_match::Answer;

pub(super) static RULE: Rule = Rule {
    id: "CB401",
    title: "An IIS site has no matching binding",
    severity: Severity::Error,
    why: "IIS has an https binding, but HTTP.sys has no certificate for its address, name or \
        port: the handshake fails before IIS sees the request. This often happens after a \
        renewal, or after a certificate was removed.",
    remedy: "Bind a certificate to the key in the finding (certbind add, or IIS Manager), or remove the \
        binding of the site.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for of in host.site_bindings() {
        let is_central = of.binding.flags.contains(SiteFlags::CENTRAL);
        if !is_central && matches!(host.answer(of.binding), Answer::Nothing) {
            let wanted = of.binding.key_text();
            findings.add(
                host.place_of_site(of),
                format!("no record matches it; it needs {wanted}"),
            );
        }
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let sni = |scene: Scene| scene.site("Shop", "*:443:shop.contoso.com", 1);
    Cases::new()
        .trips(
            sni(Scene::new().bind("hostnameport=www.contoso.com:443")),
            &["site Shop (*:443:shop.contoso.com)"],
            "it needs hostnameport=shop.contoso.com:443",
        )
        .trips(
            Scene::new()
                .bind("10.0.0.6:443")
                .site("Shop", "10.0.0.5:443:", 0),
            &["site Shop (10.0.0.5:443:)"],
            "it needs ipport=10.0.0.5:443",
        )
        .trips(
            Scene::new()
                .bind("[2001:db8::6]:443")
                .site("Shop", "[2001:db8::5]:443:", 0),
            &["site Shop ([2001:db8::5]:443:)"],
            "it needs ipport=[2001:db8::5]:443",
        )
        .passes(
            "its name",
            sni(Scene::new().bind("hostnameport=SHOP.contoso.com:443")),
        )
        .passes(
            "a wildcard",
            sni(Scene::new().bind("hostnameport=*.contoso.com:443")),
        )
        .passes("CB404: an address", sni(Scene::new().bind("0.0.0.0:443")))
        .passes(
            "0.0.0.0 is for IPv6, too",
            Scene::new()
                .bind("0.0.0.0:443")
                .site("Shop", "[2001:db8::5]:443:", 0),
        )
        .passes(
            "one of its addresses",
            Scene::new().bind("10.0.0.6:443").site("Shop", "*:443:", 0),
        )
        .passes(
            "CB408: the central store",
            Scene::new().site("Shop", "*:443:shop.contoso.com", 3),
        )
        .passes(
            "it does not start",
            sni(Scene::new()).change_sites(|sites| sites[0].starts = false),
        )
        .passes("no configuration is known", Scene::new())
}

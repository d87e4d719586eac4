//! A record of IIS that no site requires.

use std::collections::HashSet;

use certbind_core::{BindingKey, Host as HostName, Port};

use crate::applications::IIS;
use crate::fleet::{Fleet, Host};
use crate::iis::{SiteBinding, SiteFlags};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;
use crate::site_match::wildcard;

pub(super) static RULE: Rule = Rule {
    id: "CB402",
    title: "An IIS record has no matching site",
    severity: Severity::Warning,
    why: "The record has the application id of IIS, but no site has an https binding with its \
        address, name and port: the site was removed or changed, and the record stayed. Renewals \
        keep updating it, and it shadows other records. Some other programs also bind with the id \
        of IIS.",
    remedy: "Delete the record if nothing uses it (certbind delete), or give it the application id of the \
        program that does.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let Some(configuration) = host.iis() else {
        return;
    };
    // A site without autostart may be started at any time.
    let sites = configuration.sites.iter().flat_map(|site| &site.https);
    let asked = Requirements::of(sites);
    for bound in &host.bindings {
        if bound.binding.record().app_id == IIS && !asked.for_key(bound.binding.key()) {
            findings.add(bound.place(), "no https binding of a site matches it");
        }
    }
}

/// The requirements of the sites.
#[derive(Default)]
struct Requirements<'a> {
    bindings: Vec<&'a SiteBinding>,
    /// The names in lower case, and the wildcards that cover them.
    names: HashSet<(Port, String)>,
}

impl<'a> Requirements<'a> {
    fn of(bindings: impl Iterator<Item = &'a SiteBinding>) -> Self {
        let mut asked = Self::default();
        let mut addresses = HashSet::new();
        for binding in bindings {
            let name = binding.host.as_deref().map(HostName::new);
            if let Some(Ok(name)) = name {
                let wildcard = wildcard(name.as_str());
                asked.names.insert((binding.port, name.as_str().to_owned()));
                asked.names.extend(wildcard.map(|it| (binding.port, it)));
            }
            let central = binding.flags.contains(SiteFlags::CENTRAL);
            if addresses.insert((binding.address, binding.port, central)) {
                asked.bindings.push(binding);
            }
        }
        asked
    }

    fn for_key(&self, key: &BindingKey) -> bool {
        let port = key.port();
        let mut at_port = self.bindings.iter().filter(|it| it.port == port);
        match key {
            // The certificate of an address is shown to clients without a name, for any setting of
            // the site.
            BindingKey::IpPort(endpoint) => at_port.any(|it| {
                let ip = endpoint.ip();
                ip.is_unspecified() || it.address.is_none_or(|address| address == ip)
            }),
            BindingKey::Ccs(_) => at_port.any(|it| it.flags.contains(SiteFlags::CENTRAL)),
            BindingKey::Sni(name) | BindingKey::ScopedCcs(name) => {
                let name = name.host().as_str().to_owned();
                self.names.contains(&(port, name))
            }
        }
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    use crate::applications::IIS_EXPRESS;
    let site = |scene: Scene| scene.site("Shop", "*:443:shop.contoso.com", 1);
    let none = |scene: Scene| scene.change_sites(Vec::clear);
    Cases::new()
        .trips(
            site(Scene::new().bind("hostnameport=old.contoso.com:443")),
            &["hostnameport=old.contoso.com:443"],
            "no https binding of a site matches it",
        )
        .trips(
            site(Scene::new().bind("0.0.0.0:8443").bind("ccs=443")),
            &["ipport=0.0.0.0:8443", "ccs=443"],
            "matches it",
        )
        .trips(
            Scene::new()
                .bind("10.0.0.6:443")
                .site("Shop", "10.0.0.5:443:", 0),
            &["ipport=10.0.0.6:443"],
            "matches it",
        )
        .trips(
            none(Scene::new().bind("0.0.0.0:443")),
            &["ipport=0.0.0.0:443"],
            "matches it",
        )
        .passes(
            "its site, its wildcard and the fallback",
            site(
                Scene::new()
                    .bind("hostnameport=shop.contoso.com:443")
                    .bind("hostnameport=*.contoso.com:443")
                    .bind("[::]:443"),
            ),
        )
        .passes(
            "a site that does not start",
            site(Scene::new().bind("0.0.0.0:443")).change_sites(|sites| sites[0].starts = false),
        )
        .passes(
            "a central store binding",
            Scene::new().bind("ccs=443").site("Shop", "*:443:a.test", 3),
        )
        .passes(
            "another application",
            site(Scene::new().bind_as("0.0.0.0:8443", |record| record.app_id = IIS_EXPRESS)),
        )
        .passes(
            "no configuration is known",
            Scene::new().bind("0.0.0.0:443"),
        )
}

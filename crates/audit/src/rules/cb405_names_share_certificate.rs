//! Host names without SNI that share the certificate of an address.

use std::collections::{BTreeMap, BTreeSet};

use certbind_core::BindingKey;

use crate::finding::RelatedLocations;
use crate::fleet::{Fleet, Host};
use crate::host_binding::HostBinding;
use crate::iis::SiteFlags;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;
use crate::site_match::{Answer, OfSite};

pub(super) static RULE: Rule = Rule {
    id: "CB405",
    title: "Host names without SNI share one certificate",
    severity: Severity::Warning,
    why: "Sites with different host names use one address and port without SNI. HTTP.sys has one \
        certificate for all of them, so renewing the certificate of one site replaces that of the \
        others.",
    remedy: "Require Server Name Indication in the bindings of these sites, and bind a certificate to each \
        name; or use one certificate that covers all names.",
};

pub(super) const CHECK: Check = Check::Host(check);

/// The most names in a sentence.
const MOST_NAMES: usize = 5;

fn check(host: &Host<'_>, fleet: &Fleet<'_>, findings: &mut Findings) {
    let mut sharing: BTreeMap<&BindingKey, (&HostBinding<'_>, Vec<OfSite<'_>>)> = BTreeMap::new();
    for of in host.site_bindings() {
        let by_name = SiteFlags::SNI | SiteFlags::CENTRAL;
        if of.binding.host.is_none() || of.binding.flags.intersects(by_name) {
            continue;
        }
        if let Answer::Own(record) = host.answer(of.binding) {
            let key = record.binding.key();
            sharing
                .entry(key)
                .or_insert((record, Vec::new()))
                .1
                .push(of);
        }
    }
    for (record, sites) in sharing.values() {
        let names = sites.iter().filter_map(|of| of.binding.host.as_deref());
        let names: BTreeSet<_> = names.map(str::to_lowercase).collect();
        if names.len() < 2 {
            continue;
        }
        let certificate = fleet.certificate(record.binding);
        let verdict = match certificate {
            Some(known) => {
                let covers = |name: &&String| known.certificate.covers(name);
                let lost: Vec<_> = names.iter().filter(|name| !covers(name)).collect();
                if lost.is_empty() {
                    continue;
                }
                let more = lost.len().saturating_sub(MOST_NAMES);
                let named = lost.iter().take(MOST_NAMES).map(|it| it.as_str());
                let named = named.collect::<Vec<_>>().join(", ");
                match more {
                    0 => format!("its certificate does not cover {named}"),
                    more => format!("its certificate does not cover {named} and {more} more"),
                }
            }
            None => "it is unknown whether its certificate covers all of them".to_owned(),
        };
        findings
            .add(
                record.place(),
                format!("{} host names without SNI share it; {verdict}", names.len()),
            )
            .related_to(RelatedLocations::of(
                sites.iter().map(|of| host.place_of_site(*of)),
            ));
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let sites = |scene: Scene, flags| {
        scene.site("Shop", "*:443:www.contoso.com", flags).site(
            "Mail",
            "*:443:mail.contoso.com",
            flags,
        )
    };
    Cases::new()
        .trips(
            sites(Scene::new().bind("0.0.0.0:443"), 0),
            &["ipport=0.0.0.0:443"],
            "2 host names without SNI share it; it is unknown",
        )
        .trips(
            sites(Scene::new().knows("www").bind_to("0.0.0.0:443", "www"), 0),
            &["ipport=0.0.0.0:443"],
            "does not cover mail.contoso.com",
        )
        .passes("they have SNI", sites(Scene::new().bind("0.0.0.0:443"), 1))
        .passes(
            "one name, twice",
            Scene::new()
                .bind("0.0.0.0:443")
                .site("Shop", "*:443:www.contoso.com", 0)
                .site("Old shop", "10.0.0.5:443:WWW.contoso.com", 0),
        )
        .passes(
            "addresses of their own",
            Scene::new()
                .bind("10.0.0.5:443")
                .bind("10.0.0.6:443")
                .site("Shop", "10.0.0.5:443:www.contoso.com", 0)
                .site("Mail", "10.0.0.6:443:mail.contoso.com", 0),
        )
}

//! A port that answers on one version of IP.

use certbind_core::BindingKey;

use crate::finding::RelatedLocations;
use crate::fleet::{Fleet, Host};
use crate::host_binding::HostBinding;
use crate::precedence;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB004",
    title: "A port is bound for only one IP version",
    severity: Severity::Note,
    why: "Clients that connect over the other IP version find no binding, and their connections \
        are reset. A name with both A and AAAA records then fails for some clients and not for \
        others.",
    remedy: "Bind 0.0.0.0, which answers for both versions, or an address of the other version; or \
        see that no name leads there by the other version.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for (port, at) in &host.ports {
        // 0.0.0.0 answers for both, and host names and the central store apply to both versions.
        if at.any_v4.is_some() || at.by_name().next().is_some() {
            continue;
        }
        let reachable = |bound: &&HostBinding<'_>| matches!(bound.binding.key(), BindingKey::IpPort(endpoint) if !endpoint.ip().is_loopback());
        let v4: Vec<_> = at.addresses_of(false).filter(reachable).collect();
        let v6: Vec<_> = at
            .addresses_of(true)
            .chain(&at.any_v6)
            .filter(reachable)
            .collect();
        let (bound, has, lacks) = match (v4.first(), v6.first()) {
            (Some(_), None) => (v4, "IPv4", "IPv6"),
            (None, Some(_)) => (v6, "IPv6", "IPv4"),
            _ => continue,
        };
        let sentence = format!("port {port} is bound for {has} but not for {lacks}");
        findings
            .add(bound[0].place(), sentence)
            .resting_on(precedence::ORDER)
            .related_to(RelatedLocations::of(
                bound[1..].iter().map(|bound| bound.place()),
            ));
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind("10.0.0.5:443").bind("10.0.0.6:443"),
            &["ipport=10.0.0.5:443"],
            "port 443 is bound for IPv4 but not for IPv6",
        )
        .trips(
            Scene::new().bind("[::]:8443"),
            &["ipport=[::]:8443"],
            "for IPv6 but not for IPv4",
        )
        .passes("0.0.0.0 answers for both", Scene::new().bind("0.0.0.0:443"))
        .passes("both", Scene::new().bind("[::]:443").bind("10.0.0.5:443"))
        .passes(
            "names answer on both",
            Scene::new()
                .bind("hostnameport=www.contoso.com:443")
                .bind("10.0.0.5:443"),
        )
        .passes(
            "nobody else comes there",
            Scene::new().bind("127.0.0.1:443"),
        )
}

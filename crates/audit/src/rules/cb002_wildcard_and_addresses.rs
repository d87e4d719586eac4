//! A wildcard address next to single ones with another certificate.

use crate::finding::RelatedLocations;
use crate::fleet::{Fleet, Host};
use crate::host_binding::HostBinding;
use crate::precedence;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB002",
    title: "The wildcard address and a specific address have different certificates",
    severity: Severity::Warning,
    why: "The certificate that a client gets depends on the address it connects to. A renewal \
        that covers only the wildcard address leaves the old certificate on the other addresses.",
    remedy: "Bind the same certificate, or delete the records of single addresses if the wildcard \
        address is meant to answer for all. Waive it where the addresses belong to different \
        services.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for at in host.ports.values() {
        if let Some(any) = &at.any_v4 {
            // It answers for IPv6 too where no other binding does.
            let v6 = at.addresses_of(true).filter(|_| at.any_v6.is_none());
            compare(any, at.addresses_of(false).chain(v6), findings);
        }
        if let Some(any) = &at.any_v6 {
            compare(any, at.addresses_of(true), findings);
        }
    }
}

fn compare<'a, 'b: 'a>(
    any: &HostBinding<'b>,
    addresses: impl Iterator<Item = &'a HostBinding<'b>>,
    findings: &mut Findings,
) {
    let hash = any.binding.record().hash();
    let differing: Vec<_> = addresses
        .filter(|bound| bound.binding.record().hash() != hash)
        .collect();
    let Some(first) = differing.first() else {
        return;
    };
    let sentence = match differing.len() {
        1 => format!("{} has a different certificate", first.binding.key()),
        more => format!(
            "{} and {} more records of specific addresses have different certificates",
            first.binding.key(),
            more - 1
        ),
    };
    findings
        .add(any.place(), sentence)
        .resting_on(precedence::ORDER)
        .related_to(RelatedLocations::of(
            differing.iter().map(|bound| bound.place()),
        ));
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, another_certificate};
    Cases::new()
        .trips(
            Scene::new()
                .bind("0.0.0.0:443")
                .bind("10.0.0.4:443")
                .bind_as("10.0.0.5:443", another_certificate),
            &["ipport=0.0.0.0:443"],
            "ipport=10.0.0.5:443 has a different certificate",
        )
        .trips(
            Scene::new()
                .bind("[::]:443")
                .bind_as("[fe80::5]:443", another_certificate)
                .bind_as("[fe80::6]:443", another_certificate),
            &["ipport=[::]:443"],
            "ipport=[fe80::5]:443 and 1 more",
        )
        .trips(
            Scene::new()
                .bind("0.0.0.0:443")
                .bind_as("[fe80::5]:443", another_certificate),
            &["ipport=0.0.0.0:443"],
            "[fe80::5]",
        )
        .passes(
            "the same certificate",
            Scene::new().bind("0.0.0.0:443").bind("10.0.0.5:443"),
        )
        .passes(
            "another port",
            Scene::new()
                .bind("0.0.0.0:443")
                .bind_as("10.0.0.5:444", another_certificate),
        )
        .passes(
            "each version of IP has its own",
            Scene::new()
                .bind("0.0.0.0:443")
                .bind_as("[::]:443", another_certificate)
                .bind_as("[fe80::5]:443", another_certificate),
        )
}

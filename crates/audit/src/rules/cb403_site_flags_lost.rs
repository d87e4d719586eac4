//! `sslFlags` of a site that its record does not contain.

use crate::finding::RelatedLocations;
use crate::fleet::{Fleet, Host};
use crate::iis::SiteFlags;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;
use crate::site_match::Answer;

pub(super) static RULE: Rule = Rule {
    id: "CB403",
    title: "A record lacks options that its site sets",
    severity: Severity::Warning,
    why: "The sslFlags of the site disable a protocol or ask for client certificates, but \
        HTTP.sys uses the record, which does neither: a renewal bound the new certificate without \
        these options.",
    remedy: "Set the options on the record (certbind update KEY, or certbind heal --before EXPORT), or \
        save the binding again in IIS Manager. Renew with certbind rotate, which keeps them.",
};

pub(super) const CHECK: Check = Check::Host(check);

const BASIS: &str = "sslFlags are mapped to the flags of HTTP.sys by their names; this was not verified \
    on real Windows";

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for of in host.site_bindings() {
        let Answer::Own(record) = host.answer(of.binding) else {
            continue;
        };
        let missing = of.binding.flags.missing_in(record.binding.record().flags);
        if missing.is_empty() || of.binding.flags.contains(SiteFlags::CENTRAL) {
            continue;
        }
        findings
            .add(
                host.place_of_site(of),
                format!(
                    "{} lacks options that sslFlags {} sets: {}",
                    record.binding.key(),
                    of.binding.flags.bits(),
                    missing.join(", ")
                ),
            )
            .resting_on(BASIS)
            .related_to(RelatedLocations::of([record.place()]));
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    use certbind_core::SslFlags;
    let key = "hostnameport=shop.contoso.com:443";
    let with = |flags: SslFlags| {
        Scene::new()
            .bind_as(key, |record| record.flags = flags)
            .site("Shop", "*:443:shop.contoso.com", 69)
    };
    Cases::new()
        .trips(
            with(SslFlags::empty()),
            &["site Shop (*:443:shop.contoso.com)"],
            "sslFlags 69 sets: DisableHTTP2, DisableLegacyTLS",
        )
        .trips(
            with(SslFlags::DISABLE_LEGACY_TLS),
            &["site Shop (*:443:shop.contoso.com)"],
            "sets: DisableHTTP2",
        )
        .trips(
            Scene::new()
                .bind("0.0.0.0:443")
                .site("Shop", "10.0.0.5:443:", 128),
            &["site Shop (10.0.0.5:443:)"],
            "ipport=0.0.0.0:443 lacks options that sslFlags 128 sets: NegotiateClientCert",
        )
        .passes(
            "the record has them",
            with(SslFlags::DISABLE_HTTP2 | SslFlags::DISABLE_LEGACY_TLS),
        )
        .passes(
            "CB404: another record answers",
            Scene::new()
                .bind("0.0.0.0:443")
                .site("Shop", "*:443:shop.contoso.com", 69),
        )
        .passes(
            "records of the central store have no options",
            Scene::new()
                .bind("ccs=443")
                .site("Shop", "*:443:a.test", 71),
        )
}

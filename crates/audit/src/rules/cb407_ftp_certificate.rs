//! An FTP site that a renewal left on the old certificate.

use certbind_core::CertHash;

use crate::finding::{RelatedLocations, Subject};
use crate::fleet::{Fleet, Host};
use crate::host_binding::HostBinding;
use crate::rule::Rule;
use crate::rules::{Check, Findings, day};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB407",
    title: "An FTP site uses an outdated certificate",
    severity: Severity::Error,
    why: "The FTP service of IIS does not use HTTP.sys: its certificate is the serverCertHash of \
        the site. Programs that renew HTTP.sys bindings do not change it, and FTP clients reject \
        the old certificate once it has expired.",
    remedy: "Choose the new certificate in FTP SSL Settings of the site, and have the renewal program update \
        FTP sites as well. certbind changes HTTP.sys only.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, fleet: &Fleet<'_>, findings: &mut Findings) {
    let sites = host.iis().into_iter().flat_map(|it| &it.sites);
    for site in sites {
        let Some(ftp) = &site.ftp else {
            continue;
        };
        let replaced = replaced_by(host, fleet, &ftp.hash);
        let known = fleet.inventory.get(&ftp.hash);
        let end = known.map(|it| it.certificate.validity().not_after);
        let expired = end.filter(|end| *end < fleet.config.now);
        let sentence = match (expired, &replaced) {
            (None, None) => continue,
            (Some(end), _) => format!("certificate {} expired on {}", ftp.hash, day(end)),
            (None, Some(by)) => format!("certificate {} {by}", ftp.hash),
        };
        let uses = fleet.uses.get(&ftp.hash).iter();
        findings
            .add(
                host.place(
                    Subject::Site(format!("{} (FTP)", site.name).into()),
                    Some(ftp.line),
                ),
                sentence,
            )
            .related_to(RelatedLocations::of(uses.map(HostBinding::place)));
    }
}

/// How a certificate was replaced in the bindings of the host, if it was.
fn replaced_by(host: &Host<'_>, fleet: &Fleet<'_>, old: &CertHash) -> Option<String> {
    let mut hashes = host
        .bindings
        .iter()
        .filter_map(|it| it.binding.record().hash());
    if hashes.clone().any(|hash| hash == old) {
        return None;
    }
    let before = host.before().unwrap_or_default();
    let renewed = host.bindings.iter().find(|bound| {
        let was = before.get(bound.binding.key());
        was.and_then(|was| was.record().hash()) == Some(old)
    });
    if let Some(renewed) = renewed {
        let now = renewed.binding.record().hash();
        let now = now.map_or_else(|| "no certificate".to_owned(), ToString::to_string);
        return Some(format!(
            "was replaced by {now} at {}",
            renewed.binding.key()
        ));
    }
    let old = &fleet.inventory.get(old)?.certificate;
    let is_successor = |hash: &&CertHash| {
        fleet.inventory.get(hash).is_some_and(|new| {
            let new = &new.certificate;
            new.names() == old.names() && new.validity().not_after > old.validity().not_after
        })
    };
    let successor = hashes.find(is_successor)?;
    Some(format!(
        "has a successor for the same names, {successor}, which is bound"
    ))
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, another_certificate, bound, fixture, hash};
    use crate::iis::FtpCertificate;
    let ftp = |scene: Scene, hash: CertHash| {
        scene.site("Files", "*:443:", 0).change_sites(move |sites| {
            sites[0].ftp = Some(FtpCertificate { hash, line: 7 });
        })
    };
    let was = || vec![bound("0.0.0.0:443", |_| ())];
    let renewed = Scene::new().bind_as("0.0.0.0:443", another_certificate);
    let www = *fixture("www").hash();
    let place = &["site Files (FTP)"];
    Cases::new()
        .trips(
            ftp(renewed.was(was()), hash(1)),
            place,
            "was replaced by 0202020202020202020202020202020202020202 at ipport=0.0.0.0:443",
        )
        .trips(
            ftp(Scene::new().knows("www"), www).on("2027-02-01"),
            place,
            "expired on 2027-01-01",
        )
        .passes(
            "it is bound, too",
            ftp(Scene::new().bind("0.0.0.0:443").was(was()), hash(1)),
        )
        .passes(
            "nothing is known of it",
            ftp(Scene::new().bind("0.0.0.0:443"), hash(9)),
        )
        .passes("it is valid", ftp(Scene::new().knows("www"), www))
}

//! A renewal of which the export does not show whether options were lost.

use crate::comparison::Comparison;
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB208",
    title: "The export does not show whether a renewal lost options",
    severity: Severity::Warning,
    why: "The key has a new certificate, and it had options that this export has no line for. A renewal \
        that deletes the binding and adds it again loses them, and the export would look the same.",
    remedy: "Export the host in a form that has every option: certbind export on the host, or reg export \
        of HKLM\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters. Then audit again with the same \
        baseline.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for renewed in host.changed().filter(Comparison::is_renewed) {
        let hidden = renewed.hidden();
        if !hidden.is_empty() {
            let options = hidden.join(", ");
            findings.add(
                renewed.bound.place(),
                format!("before the renewal it had {options}; the export does not show them"),
            );
        }
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, another_certificate, bound};
    use certbind_core::{Record, SslFlags};
    use certbind_formats::netsh::Release;
    let was = || {
        let flags = SslFlags::DISABLE_HTTP2 | SslFlags::NEGOTIATE_CLIENT_CERT;
        vec![bound("0.0.0.0:443", |record: &mut Record| {
            record.flags = flags;
        })]
    };
    let renewed = |release: Release| {
        Scene::new()
            .bind_as("0.0.0.0:443", |record| {
                another_certificate(record);
                record.flags = SslFlags::NEGOTIATE_CLIENT_CERT;
            })
            .host_with(|host| host.reading.export.layout = Some(release.layout()))
            .was(was())
    };
    Cases::new()
        .trips(
            renewed(Release::Server2012R2),
            &["ipport=0.0.0.0:443"],
            "disable_http2",
        )
        .passes("the listing shows them", renewed(Release::Server2022))
        .passes(
            "the certificate is the same",
            Scene::new()
                .bind("0.0.0.0:443")
                .host_with(|host| {
                    host.reading.export.layout = Some(Release::Server2012R2.layout());
                })
                .was(was()),
        )
}

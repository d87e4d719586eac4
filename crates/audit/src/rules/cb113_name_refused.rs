//! A name of a certificate that some clients do not accept.

use certbind_certificates::{Certificate, Name};
use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB113",
    title: "Some clients reject the name in the certificate",
    severity: Severity::Warning,
    why: "The certificate covers the host name only with a kind of name that clients treat \
        differently. Clients that reject it close the connection.",
    remedy: "Request a certificate that has the host name itself as a DNS name, without a dot at the end.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let certificate = &fleet.certificate(binding)?.certificate;
    match binding.key().host() {
        Some(host) => of_host(certificate, host.as_str()),
        // Which of the names clients use at an address is not known.
        None => certificate.names().iter().find_map(|name| match name {
            Name::Dns(name) if !certificate.named_by_subject() => of_name(certificate, name),
            _ => None,
        }),
    }
    .map(Sentence::from)
}

/// The verdict of clients on the name by which a certificate covers a host. One name that all
/// accept is enough.
fn of_host(certificate: &Certificate, host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let has = |name: &str| certificate.names().contains(&Name::Dns(name.to_owned()));
    let wildcard = host
        .split_once('.')
        .map(|(_, parent)| format!("*.{parent}"));
    let wildcard = wildcard.filter(|it| *it != host && has(it));
    let exact = has(&host).then(|| of_name(certificate, &host));
    let by_wildcard = wildcard.map(|name| {
        let (label, _) = host.split_once('.').unwrap_or_default();
        of_name(certificate, &name).or_else(|| {
            label.contains('_').then(|| {
                format!(
                    "its certificate covers the name only with {name}, and OpenSSL rejects an underscore \
                     under a wildcard"
                )
            })
        })
    });
    match (exact, by_wildcard) {
        (Some(None), _) | (_, Some(None)) => None,
        (exact, by_wildcard) => exact.or(by_wildcard).flatten(),
    }
}

/// The verdict of clients on a name of a certificate.
fn of_name(certificate: &Certificate, name: &str) -> Option<String> {
    if certificate.names_with_trailing_dot().contains(name) {
        return Some(format!(
            "its certificate has {name:?} with a trailing dot: OpenSSL, GnuTLS, webpki (rustls), wget, \
             Python and the JDK reject it; curl, Node.js and Chromium accept it"
        ));
    }
    let parent = name.strip_prefix("*.")?;
    (!parent.contains('.')).then(|| {
        format!(
            "its certificate has {name:?}, a wildcard directly below the top-level label: of the \
             tested clients, only the JDK accepts it"
        )
    })
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let odd = |key: &str| Scene::new().knows("odd-names").bind_to(key, "odd-names");
    Cases::new()
        .trips(
            odd("hostnameport=web.local:443"),
            &["hostnameport=web.local:443"],
            "only the JDK accepts",
        )
        .trips(
            odd("hostnameport=*.local:443"),
            &["hostnameport=*.local:443"],
            "only the JDK accepts",
        )
        .trips(
            odd("hostnameport=dotted.contoso.com:443"),
            &["hostnameport=dotted.contoso.com:443"],
            "\"dotted.contoso.com\" with a trailing dot: OpenSSL, GnuTLS",
        )
        .trips(
            odd("hostnameport=www.dot.contoso.com:443"),
            &["hostnameport=www.dot.contoso.com:443"],
            "\"*.dot.contoso.com\" with a trailing dot",
        )
        .trips(
            odd("hostnameport=my_host.shop.contoso.com:443"),
            &["hostnameport=my_host.shop.contoso.com:443"],
            "OpenSSL rejects an underscore",
        )
        .trips(
            odd("0.0.0.0:443"),
            &["ipport=0.0.0.0:443"],
            "with a trailing dot",
        )
        .passes("a wildcard", odd("hostnameport=eu.shop.contoso.com:443"))
        .passes("a name", Scene::www())
        .passes(
            "no name at all, which is CB112",
            Scene::new()
                .knows("no-san")
                .bind_to("0.0.0.0:443", "no-san"),
        )
        .passes(
            "another name, which is CB107",
            odd("hostnameport=www.contoso.com:443"),
        )
}

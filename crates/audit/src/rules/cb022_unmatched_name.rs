//! A host name that no client requests.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB022",
    title: "A host name cannot be matched",
    severity: Severity::Warning,
    why: "HTTP.sys compares the name in the key with the name that a client sends. If no client \
        sends such a name, the record is never used, and clients get another certificate or none.",
    remedy: "Bind the name as clients send it: a name in DNS, internationalised ones as A-labels (xn--…), \
        a wildcard as the whole first label.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    unmatched_name(binding).map(Into::into)
}

/// The reason why no client sends the host name of a binding; `None` if clients can send it.
#[must_use]
pub fn unmatched_name(binding: &Binding) -> Option<String> {
    let host = binding.key().host()?.as_str();
    // Some clients send an address, or a name with a dot at its end: CB026.
    let inside = host.trim_start_matches('[').trim_end_matches(']');
    if inside.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.starts_with('.') || host.contains("..") {
        return Some("it has an empty label, which no DNS name can have".to_owned());
    }
    if let Some(trouble) = wildcard_trouble(host) {
        return Some(trouble.to_owned());
    }
    if let Some(label) = host.split('.').find(|label| is_broken_a_label(label)) {
        return Some(format!(
            "{label:?} looks like an A-label but does not decode to a name"
        ));
    }
    if let Some(label) = host.split('.').find(|label| label.len() > 63) {
        return Some(format!("its label {label:?} is longer than 63 characters"));
    }
    // A name of 255 bytes on the wire has 253 characters (RFC 1035, 3.1).
    if host.len() > 253 {
        return Some("it is longer than 253 characters".to_owned());
    }
    // No name of a host has an underscore, but names that clients look up do.
    let is_odd = |c: &char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_' | '*');
    if let Some(odd) = host.chars().find(is_odd) {
        return Some(format!(
            "it contains {odd:?}, which no DNS name can contain"
        ));
    }
    // HTTP.sys compares characters, and is not known to make A-labels of others.
    let spelled = binding.host_spelling().filter(|name| !name.is_ascii())?;
    Some(format!(
        "it is spelled {spelled:?}, but clients send {host}"
    ))
}

fn wildcard_trouble(host: &str) -> Option<&'static str> {
    if !host.contains('*') {
        return None;
    }
    match host.strip_prefix("*.") {
        None => Some("a wildcard must be the whole first label"),
        Some(rest) if rest.contains('*') => Some("a name can have only one wildcard"),
        Some(rest) if !rest.contains('.') => {
            Some("its wildcard is directly below a top-level domain")
        }
        Some(_) => None,
    }
}

fn is_broken_a_label(label: &str) -> bool {
    label.starts_with("xn--") && idna::domain_to_unicode(label).1.is_err()
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, bound};
    use certbind_formats::netsh::Release;
    const LONG_LABEL: &str = concat!(
        "hostnameport=",
        "abcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefgh.example:443"
    );
    const LONG: &str = concat!(
        "hostnameport=",
        "abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.",
        "abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.",
        "abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.",
        "abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.abcdefg.example:443",
    );
    let spelled = || {
        let binding = bound("hostnameport=xn--bcher-kva.example:443", |_| ());
        let binding = binding.with_host_spelling("b\u{fc}cher.example").unwrap();
        let export = certbind_formats::Export {
            bindings: vec![binding],
            ..certbind_formats::Export::default()
        };
        let mut listing = Vec::new();
        let layout = Release::default().layout();
        certbind_formats::netsh::write(&mut listing, &export, &layout).unwrap();
        Scene::new().export(&String::from_utf8(listing).unwrap())
    };
    Cases::new()
        .trips(
            Scene::new().bind("hostnameport=www..com:443"),
            &["hostnameport=www..com:443"],
            "an empty label",
        )
        .trips(
            Scene::new().bind("hostnameport=w*.contoso.com:443"),
            &["hostnameport=w*.contoso.com:443"],
            "the whole first label",
        )
        .trips(
            Scene::new().bind("hostnameport=*.*.com:443"),
            &["hostnameport=*.*.com:443"],
            "only one wildcard",
        )
        .trips(
            Scene::new().bind("hostnameport=*.com:443"),
            &["hostnameport=*.com:443"],
            "top-level domain",
        )
        .trips(
            Scene::new().bind("hostnameport=xn--a.example:443"),
            &["hostnameport=xn--a.example:443"],
            "does not decode to a name",
        )
        .trips(
            Scene::new().bind(LONG_LABEL),
            &[LONG_LABEL],
            "longer than 63",
        )
        .trips(Scene::new().bind(LONG), &[LONG], "longer than 253")
        .trips(
            Scene::new().bind("hostnameport=https//contoso.com:443"),
            &["hostnameport=https//contoso.com:443"],
            "it contains '/'",
        )
        .trips(
            spelled(),
            &["hostnameport=xn--bcher-kva.example:443"],
            "clients send xn--bcher-kva.example",
        )
        .passes(
            "names that clients send",
            Scene::new()
                .bind("hostnameport=www.contoso.com:443")
                .bind("hostnameport=*.shop.contoso.com:443")
                .bind("hostnameport=xn--bcher-kva.example:443")
                .bind("hostnameport=intranet:443")
                .bind("hostnameport=_service.contoso.com:443")
                .bind("hostnameport=www.contoso.com.:443")
                .bind("hostnameport=10.0.0.5:443"),
        )
        .passes(
            "no host name",
            Scene::new().bind("10.0.0.5:443").bind("ccs=443"),
        )
}

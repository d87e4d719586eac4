//! A record that others precede.

use std::collections::HashMap;

use certbind_core::BindingKey;

use crate::effective_certificate::EffectiveCertificate;
use crate::finding::RelatedLocations;
use crate::fleet::{Fleet, Host};
use crate::host_binding::HostBinding;
use crate::ports::AtPort;
use crate::precedence;
use crate::rule::Rule;
use crate::rules::{Check, Findings, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB001",
    title: "A record is shadowed",
    severity: Severity::Warning,
    why: "Clients that connect to this address get the certificate and options of the other \
        record, whatever host name they request. A binding of one address that hides all host \
        names on its port is the most frequent cause of \"the wrong certificate\" on a host with \
        correctly configured sites.",
    remedy: "Delete the record that comes first if it is not needed, or give it the certificate \
        and options that clients of these names need.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    for at in host.ports.values() {
        shadowed_by_addresses(at, findings);
        shadowed_by_names(at, findings);
    }
}

/// A record of one address answers for every host name of the port there.
fn shadowed_by_addresses(at: &AtPort<'_>, findings: &mut Findings) {
    let Some(first) = at.addresses.first() else {
        return;
    };
    // Records of several addresses count as one to a client if they answer alike.
    let answer = EffectiveCertificate(first.binding);
    let alike = at
        .addresses
        .iter()
        .all(|bound| EffectiveCertificate(bound.binding) == answer);
    let related = RelatedLocations::of(at.addresses.iter().map(HostBinding::place));
    let sentence: Sentence = match at.addresses.len() {
        1 => format!(
            "it is not used for connections to {}, which are served by {}",
            address(first),
            first.binding.key()
        )
        .into(),
        more => format!(
            "it is not used for connections to {} and {}, which have their own records",
            address(first),
            match more - 1 {
                1 => "1 other address".to_owned(),
                others => format!("{others} other addresses"),
            }
        )
        .into(),
    };
    for bound in at.by_name() {
        if alike && EffectiveCertificate(bound.binding) == answer {
            continue;
        }
        findings
            .add(bound.place(), sentence.clone())
            .resting_on(precedence::ORDER)
            .related_to(related.clone());
    }
}

/// A name in the central store is that of a host name binding too.
fn shadowed_by_names(at: &AtPort<'_>, findings: &mut Findings) {
    let named: HashMap<_, _> = at
        .named
        .iter()
        .filter(|bound| matches!(bound.binding.key(), BindingKey::Sni(_)))
        .map(|bound| (bound.binding.key().host(), bound))
        .collect();
    for bound in &at.named {
        if let (BindingKey::ScopedCcs(_), Some(first)) =
            (bound.binding.key(), named.get(&bound.binding.key().host()))
        {
            let sentence = format!(
                "{} has the same host name and port, and takes precedence (inferred)",
                first.binding.key()
            );
            findings
                .add(bound.place(), sentence)
                .resting_on(precedence::ORDER)
                .related_to(RelatedLocations::of([first.place()]));
        }
    }
}

fn address(bound: &HostBinding<'_>) -> String {
    match bound.binding.key() {
        BindingKey::IpPort(endpoint) => endpoint.ip().to_string(),
        key => key.value(),
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene, another_certificate};
    Cases::new()
        .trips(
            Scene::new()
                .bind("10.0.0.5:443")
                .bind_as("hostnameport=www.contoso.com:443", another_certificate),
            &["hostnameport=www.contoso.com:443"],
            "it is not used for connections to 10.0.0.5, which are served by ipport=10.0.0.5:443",
        )
        .trips(
            Scene::new()
                .bind("10.0.0.5:443")
                .bind_as("10.0.0.6:443", another_certificate)
                .bind("hostnameport=www.contoso.com:443")
                .bind("ccs=443"),
            &["hostnameport=www.contoso.com:443", "ccs=443"],
            "10.0.0.5 and 1 other address, which have their own records",
        )
        .trips(
            Scene::new()
                .bind("hostnameport=a.example:443")
                .bind("scopedccs=a.example:443"),
            &["scopedccs=a.example:443"],
            "hostnameport=a.example:443 has the same host name",
        )
        .trips(
            Scene::new()
                .bind("10.0.0.5:443")
                .bind("scopedccs=a.example:443"),
            &["scopedccs=a.example:443"],
            "it is not used",
        )
        .passes(
            "answering alike",
            Scene::new()
                .bind("10.0.0.5:443")
                .bind("hostnameport=www.contoso.com:443"),
        )
        .passes(
            "other ports",
            Scene::new()
                .bind("10.0.0.5:443")
                .bind_as("hostnameport=www.contoso.com:8443", another_certificate),
        )
        .passes(
            "wildcard addresses come last",
            Scene::new()
                .bind("0.0.0.0:443")
                .bind("[::]:443")
                .bind_as("hostnameport=www.contoso.com:443", another_certificate)
                .bind("ccs=443"),
        )
        .passes(
            "other names",
            Scene::new()
                .bind("hostnameport=a.example:443")
                .bind("scopedccs=b.example:443"),
        )
}

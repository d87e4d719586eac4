//! A certificate for other names.

use certificates::Name;
use store_core::Binding;

use crate::finding::Severity;
use crate::fleet::Fleet;
use crate::rules::{Check, Rule, Sentence};

pub(super) static RULE: Rule = Rule {
    id: "CB107",
    title: "The certificate does not cover the host name",
    severity: Severity::Error,
    why: "Clients that ask for the name get a certificate for another one, and refuse it.",
    remedy: "Bind a certificate that has the name among its subject alternative names, or a wildcard one \
        label above it.",
    check: Check::Record(check),
};

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let host = binding.key().host()?.as_str();
    let names = fleet.certificate(binding)?.certificate.names();
    let is_covered = names.iter().any(|name| match name {
        Name::Dns(name) => covers(name, host),
        Name::Ip(address) => host.parse() == Ok(*address),
    });
    if is_covered {
        return None;
    }
    let told: Vec<_> = names.iter().take(5).map(ToString::to_string).collect();
    let more = match names.len() - told.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(match told.is_empty() {
        true => "its certificate is for no name at all".into(),
        false => format!("its certificate is for {}{more}", told.join(", ")).into(),
    })
}

/// Whether a certificate's name is for a host's (RFC 6125, 6.4.3): a wildcard stands for one label,
/// and for the same wildcard.
fn covers(name: &str, host: &str) -> bool {
    let name = name.trim_end_matches('.');
    let host = host.trim_end_matches('.');
    name == host
        || name.strip_prefix("*.").is_some_and(|parent| {
            host.split_once('.').is_some_and(|(first, rest)| rest == parent && !first.is_empty())
        })
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let www = || Scene::new().knows("www").bind_to("hostnameport=www.contoso.com:443", "www");
    let shop = |key: &str| Scene::new().knows("www").bind_to(key, "www");
    Cases::new()
        .trips(
            shop("hostnameport=mail.contoso.com:443"),
            &["hostnameport=mail.contoso.com:443"],
            "is for *.shop.contoso.com, www.contoso.com",
        )
        .trips(
            shop("hostnameport=a.b.shop.contoso.com:443"),
            &["hostnameport=a.b.shop.contoso.com:443"],
            "its certificate is for",
        )
        .trips(shop("hostnameport=*.contoso.com:443"), &["hostnameport=*.contoso.com:443"], "")
        .passes("the name", www())
        .passes("a label under a wildcard", shop("hostnameport=eu.shop.contoso.com:443"))
        .passes("the wildcard", shop("hostnameport=*.shop.contoso.com:443"))
        .passes("an address", shop("10.0.0.5:443"))
}

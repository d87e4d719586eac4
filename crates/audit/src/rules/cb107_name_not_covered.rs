//! A certificate for other names.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB107",
    title: "The certificate does not cover the host name",
    severity: Severity::Error,
    why: "Clients that request the host name get a certificate for a different name and reject it.",
    remedy: "Bind a certificate that has the name among its subject alternative names, or a wildcard one \
        label above it.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let host = binding.key().host()?.as_str();
    let certificate = &fleet.certificate(binding)?.certificate;
    if certificate.covers(host) {
        return None;
    }
    let names = certificate.names();
    let printed: Vec<_> = names.iter().take(5).map(ToString::to_string).collect();
    let more = match names.len() - printed.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(match printed.is_empty() {
        true => "its certificate has no names".into(),
        false => format!("its certificate is for {}{more}", printed.join(", ")).into(),
    })
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
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
        .trips(
            shop("hostnameport=*.contoso.com:443"),
            &["hostnameport=*.contoso.com:443"],
            "",
        )
        .passes("the name", Scene::www())
        .passes(
            "a label under a wildcard",
            shop("hostnameport=eu.shop.contoso.com:443"),
        )
        .passes("the wildcard", shop("hostnameport=*.shop.contoso.com:443"))
        .passes("an address", shop("10.0.0.5:443"))
}

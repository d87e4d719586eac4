//! A host name that some clients do not send.

use std::net::IpAddr;

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB026",
    title: "Some clients do not send the host name of the record",
    severity: Severity::Warning,
    why: "HTTP.sys selects the record by the name that a client sends (SNI). A client that sends \
        no name, or spells it differently, gets the certificate of another binding or none.",
    remedy: "Use a name of several labels, of letters, digits and hyphens alone and without a dot at the \
        end; or bind the address as well.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    let host = binding.key().host()?.as_str();
    if host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .is_ok()
    {
        return Some("of the tested clients, only WinHTTP sends an address as a name".into());
    }
    if host.ends_with('.') {
        return Some(
            "Chromium, Node.js, Python and WinHTTP send the trailing dot of a name; curl, wget, \
             gnutls-cli and the JDK's HttpsURLConnection omit it, and openssl s_client then sends \
             no name"
                .into(),
        );
    }
    if !host.contains('.') {
        return Some(
            "the JDK's HttpsURLConnection and openssl s_client do not send names of one label"
                .into(),
        );
    }
    let labels = host.split('.').filter(|label| *label != "*");
    let (underscore, hyphen) = labels.fold((None, None), |(underscore, hyphen), label| {
        (
            underscore.or_else(|| label.contains('_').then_some(label)),
            hyphen.or_else(|| label.ends_with('-').then_some(label)),
        )
    });
    if let Some(label) = hyphen {
        return Some(
            format!(
                "the JDK's HttpsURLConnection does not send it, and rustls rejects it: its label {label:?} \
                 ends with a hyphen"
            )
            .into(),
        );
    }
    let label = underscore?;
    Some(
        format!("the JDK's HttpsURLConnection does not send it: {label:?} has an underscore")
            .into(),
    )
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let mut cases = Cases::new();
    for (place, said) in [
        (&["hostnameport=10.0.0.5:443"], "only WinHTTP"),
        (&["scopedccs=www.contoso.com.:443"], "curl, wget"),
        (&["hostnameport=intranet:443"], "one label"),
        (
            &["hostnameport=my_host.contoso.com:443"],
            "\"my_host\" has an underscore",
        ),
        (
            &["hostnameport=*.my_zone.contoso.com:443"],
            "\"my_zone\" has an underscore",
        ),
        (
            &["hostnameport=a-.contoso.com:443"],
            "\"a-\" ends with a hyphen",
        ),
    ] {
        cases = cases.trips(Scene::new().bind(place[0]), place, said);
    }
    cases
        .passes(
            "names that every client sends",
            Scene::new()
                .bind("hostnameport=www.contoso.com:443")
                .bind("hostnameport=*.shop.contoso.com:443")
                .bind("hostnameport=a-b.xn--bcher-kva.example:443"),
        )
        .passes(
            "no host name",
            Scene::new().bind("10.0.0.5:443").bind("ccs=443"),
        )
}

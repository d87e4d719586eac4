//! A certificate that servers may not show.

use certbind_certificates::ServerUse;
use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB106",
    title: "The certificate is not valid for server authentication",
    severity: Severity::Error,
    why: "The extended key usages do not include server authentication, so clients reject the \
        certificate.",
    remedy: "Bind a certificate that was issued for server authentication (1.3.6.1.5.5.7.3.1), and see \
        which template the wrong one came from.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    match fleet.certificate(binding)?.certificate.server_use() {
        ServerUse::Allowed => None,
        ServerUse::Excluded => {
            Some("its certificate is not valid for server authentication".into())
        }
        ServerUse::Unknown => Some("the key usages of its certificate cannot be read".into()),
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let key = &["hostnameport=www.contoso.com:443"];
    Cases::new()
        .trips(
            Scene::new()
                .knows("client-only")
                .bind_to(key[0], "client-only"),
            key,
            "not valid for server authentication",
        )
        .passes("it is for servers", Scene::www())
}

//! A certificate with a short key.

use certbind_certificates::PublicKey;
use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB104",
    title: "The certificate's key is too short",
    severity: Severity::Error,
    why: "An attacker with enough computing power can derive a private key of this length. \
        Browsers and Windows reject certificates with RSA keys below 2048 bits.",
    remedy: "Have a certificate issued for a key of 2048 bits of RSA or more, or on a curve of 256 bits or \
        more.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let key = fleet.certificate(binding)?.certificate.public_key();
    let is_short = match key {
        PublicKey::Rsa { bits } | PublicKey::Dsa { bits } => *bits < fleet.config.least_rsa_bits,
        PublicKey::Curve { bits, .. } => *bits < fleet.config.least_curve_bits,
        _ => false,
    };
    is_short.then(|| format!("the key of its certificate is too short: {key}").into())
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let key = &["hostnameport=www.contoso.com:443"];
    Cases::new()
        .trips(
            Scene::new().knows("short-key").bind_to(key[0], "short-key"),
            key,
            "RSA, 1024 bits",
        )
        .trips(
            Scene::www().with(|config| config.least_curve_bits = 384),
            key,
            "is too short",
        )
        .passes("256 bits on a curve", Scene::www())
        .passes(
            "1024 are allowed",
            Scene::new()
                .knows("short-key")
                .bind_to(key[0], "short-key")
                .with(|config| config.least_rsa_bits = 1024),
        )
}

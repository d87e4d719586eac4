//! The rules about certificates, applied to a binding before it is made.

use certbind_certificates::{Certificate, Name};
use certbind_core::Binding;

use crate::config::Config;
use crate::fleet::Fleet;
use crate::inventory::Inventory;
use crate::rule::Rule;
use crate::rules::{CHECKS, Check, find};

/// The rules that a certificate has to pass before it is bound: expired, not valid yet, a short key, a
/// weak signature, not for servers, another name.
const RULES: [&str; 6] = ["CB101", "CB103", "CB104", "CB105", "CB106", NAMES];

/// The rule about names, and the one to which names that get lost belong.
const NAMES: &str = "CB107";

/// The most names in a sentence.
const MOST_NAMES: usize = 5;

/// An objection to a binding.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Objection {
    /// The rule that the certificate violates.
    pub rule: &'static Rule,
    /// The reason, in a sentence without the key. Names of the certificate may be in it: escape it for
    /// a terminal.
    pub sentence: String,
}

/// Checks a certificate before a binding to it is made. `replaced` is the certificate that the key is
/// bound to, if it is known: a key that has no host name keeps all names that were covered.
///
/// ```
/// use certbind_audit::{Config, guard};
/// use certbind_core::{Binding, Record, Uuid};
///
/// let pem = include_bytes!("../tests/fixtures/www.pem");
/// let certificate = &certbind_certificates::of_file(pem)[0];
/// let record = Record::new(*certificate.hash(), None, Uuid::nil());
/// let binding = Binding::new("hostnameport=mail.contoso.com:443".parse()?, record)?;
/// let config = Config::at("2026-06-01T00:00:00Z".parse()?);
/// let objections = guard(&binding, certificate, None, &config);
/// assert_eq!(objections[0].rule.id, "CB107");
/// assert_eq!(objections.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn guard(
    binding: &Binding,
    certificate: &Certificate,
    replaced: Option<&Certificate>,
    config: &Config,
) -> Vec<Objection> {
    let inventory = Inventory::of([certificate.clone()]);
    let fleet = Fleet::new(&[], &inventory, config);
    let mut objections = Vec::new();
    for (rule, check) in CHECKS {
        if let Check::Record(check) = check
            && RULES.contains(&rule.id)
            && let Some(sentence) = check(binding, &fleet)
        {
            objections.push(Objection {
                rule,
                sentence: sentence.into_owned(),
            });
        }
    }
    if binding.key().host().is_none()
        && let (Some(replaced), Some(rule)) = (replaced, find(NAMES))
        && let Some(sentence) = lost_names(certificate, replaced)
    {
        objections.push(Objection { rule, sentence });
    }
    objections
}

/// The names that the previous certificate covers and the new one does not.
fn lost_names(new: &Certificate, replaced: &Certificate) -> Option<String> {
    let covers = |name: &&Name| match name {
        Name::Dns(name) => new.covers(name),
        Name::Ip(_) => new.names().contains(*name),
    };
    let lost: Vec<_> = replaced.names().iter().filter(|it| !covers(it)).collect();
    if lost.is_empty() {
        return None;
    }
    let printed: Vec<_> = lost
        .iter()
        .take(MOST_NAMES)
        .map(ToString::to_string)
        .collect();
    let more = match lost.len() - printed.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "its certificate does not cover {}{more}, which the current certificate covers",
        printed.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use certbind_core::{Record, Uuid};

    use super::*;

    fn certificate(name: &str) -> Certificate {
        let path = format!("{}/tests/fixtures/{name}.pem", env!("CARGO_MANIFEST_DIR"));
        certbind_certificates::of_file(&std::fs::read(path).unwrap()).remove(0)
    }

    fn objections(key: &str, name: &str, replaced: Option<&str>, day: &str) -> Vec<&'static str> {
        let certificate = certificate(name);
        let record = Record::new(*certificate.hash(), None, Uuid::nil());
        let binding = Binding::new(key.parse().unwrap(), record).unwrap();
        let config = Config::at(format!("{day}T00:00:00Z").parse().unwrap());
        let replaced = replaced.map(self::certificate);
        let found = guard(&binding, &certificate, replaced.as_ref(), &config);
        found.iter().map(|objection| objection.rule.id).collect()
    }

    #[test]
    fn each_rule_about_certificates_guards() {
        let (www, day) = ("hostnameport=www.contoso.com:443", "2026-06-01");
        for (name, key, day, expected) in [
            ("www", www, day, &[][..]),
            ("www", www, "2027-06-01", &["CB101"]),
            ("www", www, "2025-06-01", &["CB103"]),
            ("short-key", www, day, &["CB104"]),
            ("sha1", www, day, &["CB105"]),
            ("client-only", www, day, &["CB106"]),
            ("www", "hostnameport=mail.contoso.com:443", day, &["CB107"]),
        ] {
            assert_eq!(
                objections(key, name, None, day),
                expected,
                "{name} {key} {day}"
            );
        }
    }

    #[test]
    fn a_key_without_host_name_keeps_the_names_that_were_covered() {
        let day = "2026-06-01";
        assert_eq!(
            objections("0.0.0.0:443", "www", Some("www-again"), day),
            [""; 0]
        );
        assert_eq!(
            objections("0.0.0.0:443", "www", Some("local"), day),
            ["CB107"]
        );
        let sni = "hostnameport=www.contoso.com:443";
        assert_eq!(objections(sni, "www", Some("local"), day), [""; 0]);
    }
}

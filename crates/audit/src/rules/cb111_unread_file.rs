//! A file of the inventory that cannot be read.

use crate::finding::{FindingLocation, Subject};
use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB111",
    title: "A file of certificates cannot be read",
    severity: Severity::Warning,
    why: "The certificates in the file are treated as unknown: correct bindings may be reported, \
        and expired certificates are not.",
    remedy: "Name the password of a PFX, convert the file to PEM, or move it elsewhere.",
};

pub(super) const CHECK: Check = Check::Fleet(check);

fn check(fleet: &Fleet<'_>, findings: &mut Findings) {
    for unread in fleet.inventory.unread() {
        let place = FindingLocation {
            host: None,
            subject: Subject::File(unread.file.clone()),
            line: None,
            registry: None,
        };
        findings.add(place, unread.why.clone());
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    const KEY: &[u8] = b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    const CURVE: &[u8] =
        b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const REQUEST: &[u8] = b"-----BEGIN NEW CERTIFICATE REQUEST-----\r\nAAAA\r\n";
    let locked = include_bytes!("../../tests/fixtures/locked.pfx");
    Cases::new()
        .trips(
            Scene::new().knows_file("locked.pfx", locked),
            &["locked.pfx"],
            "none of the passwords opens",
        )
        .trips(
            Scene::new().knows_file("notes.txt", b"remember"),
            &["notes.txt"],
            "no certificate",
        )
        .trips(
            Scene::new().knows_file("www.pem", b"-----BEGIN CERTIFICATE-----\nnonsense\n"),
            &["www.pem"],
            "no certificate",
        )
        .passes("a key", Scene::new().knows_file("www.key", KEY))
        .passes(
            "a key and its curve",
            Scene::new().knows_file("www.key", &[CURVE, KEY].concat()),
        )
        .passes("a request", Scene::new().knows_file("www.csr", REQUEST))
        .passes("one that can", Scene::new().knows("www"))
}

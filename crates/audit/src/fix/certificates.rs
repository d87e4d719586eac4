//! The certificates of the inventory that may replace another one.

use certbind_certificates::Certificate;
use certbind_core::{Binding, BindingKey, CertHash, Record, Uuid};
use jiff::Timestamp;

use crate::config::Config;
use crate::fleet::Fleet;
use crate::inventory::Inventory;
use crate::rules::{CHECKS, Check};

/// The rules that find a weakness of the certificate itself, whatever its binding and the day.
const WEAKNESSES: [&str; 5] = ["CB104", "CB105", "CB106", "CB112", "CB113"];

/// The certificate without weaknesses for the same names that is valid the longest, if it is valid for
/// longer than the old one and has not expired.
pub(super) fn successor(
    old: &CertHash,
    inventory: &Inventory,
    config: &Config,
) -> Option<CertHash> {
    let old = &inventory.get(old)?.certificate;
    let others = with_names_of(old, inventory).filter(|it| end(it) > end(old));
    longest(others, config)
}

/// The certificate without weaknesses for the same names that is valid the longest.
pub(super) fn replacement(
    old: &CertHash,
    inventory: &Inventory,
    config: &Config,
) -> Option<CertHash> {
    let old = &inventory.get(old)?.certificate;
    longest(with_names_of(old, inventory), config)
}

/// The certificate for the same names that is valid now, while the new one is not yet.
pub(super) fn predecessor(
    new: &CertHash,
    inventory: &Inventory,
    now: Timestamp,
) -> Option<CertHash> {
    let new = &inventory.get(new)?.certificate;
    with_names_of(new, inventory)
        .filter(|it| is_valid(it, now))
        .max_by_key(|it| (end(it), *it.hash()))
        .map(|it| *it.hash())
}

/// The certificate without weaknesses that covers a host name and is valid the longest.
pub(super) fn covering(host: &str, inventory: &Inventory, config: &Config) -> Option<CertHash> {
    let known = inventory.iter().map(|known| &known.certificate);
    longest(known.filter(|it| it.covers(host)), config)
}

/// Of two certificates the one that ends first, and the other one if it covers all names of the first.
pub(super) fn older_and_newer(
    [a, b]: [&CertHash; 2],
    inventory: &Inventory,
    now: Timestamp,
) -> Option<(CertHash, CertHash)> {
    let certificate = |hash| inventory.get(hash).map(|known| &known.certificate);
    let (a, b) = (certificate(a)?, certificate(b)?);
    let (old, new) = if end(a) < end(b) { (a, b) } else { (b, a) };
    let covers_all = old.names().iter().all(|name| new.names().contains(name));
    (covers_all && is_valid(new, now)).then(|| (*old.hash(), *new.hash()))
}

/// The certificates with exactly the names of one, itself included.
fn with_names_of<'a>(
    one: &'a Certificate,
    inventory: &'a Inventory,
) -> impl Iterator<Item = &'a Certificate> {
    let known = inventory.iter().map(|known| &known.certificate);
    known.filter(|it| it.names() == one.names() && !it.names().is_empty())
}

/// Of certificates that are valid and have no weakness, the one that is valid the longest.
fn longest<'a>(
    certificates: impl Iterator<Item = &'a Certificate>,
    config: &Config,
) -> Option<CertHash> {
    let valid = certificates.filter(|it| is_valid(it, config.now));
    let sound = valid.filter(|it| !is_weak(it, config));
    let longest = sound.max_by_key(|it| (end(it), *it.hash()));
    longest.map(|it| *it.hash())
}

/// Whether a rule that is on finds a weakness of the certificate.
fn is_weak(certificate: &Certificate, config: &Config) -> bool {
    let inventory = Inventory::of([certificate.clone()]);
    let fleet = Fleet::new(&[], &inventory, config);
    let record = Record::new(*certificate.hash(), None, Uuid::nil());
    // At an address, each name that some clients refuse is a weakness.
    let key = "0.0.0.0:443".parse::<BindingKey>().ok();
    let Some(binding) = key.and_then(|key| Binding::new(key, record).ok()) else {
        return true;
    };
    CHECKS.iter().any(|(rule, check)| match check {
        Check::Record(check) => {
            WEAKNESSES.contains(&rule.id)
                && config.severity(rule).is_some()
                && check(&binding, &fleet).is_some()
        }
        _ => false,
    })
}

fn end(certificate: &Certificate) -> Timestamp {
    certificate.validity().not_after
}

fn is_valid(certificate: &Certificate, now: Timestamp) -> bool {
    let validity = certificate.validity();
    validity.not_before <= now && now < validity.not_after
}

//! The certificates of the inventory that may replace another one.

use certbind_certificates::Certificate;
use certbind_core::CertHash;
use jiff::Timestamp;

use crate::inventory::Inventory;

/// The certificate for the same names that is valid the longest, if it is valid for longer than the old
/// one and has not expired.
pub(super) fn successor(old: &CertHash, inventory: &Inventory, now: Timestamp) -> Option<CertHash> {
    let old = &inventory.get(old)?.certificate;
    let others = inventory.iter().map(|known| &known.certificate);
    others
        .filter(|it| it.names() == old.names() && !it.names().is_empty())
        .filter(|it| end(it) > end(old) && is_valid(it, now))
        .max_by_key(|it| (end(it), *it.hash()))
        .map(|it| *it.hash())
}

/// The certificate for the same names that is valid now, while the new one is not yet.
pub(super) fn predecessor(
    new: &CertHash,
    inventory: &Inventory,
    now: Timestamp,
) -> Option<CertHash> {
    let new = &inventory.get(new)?.certificate;
    let others = inventory.iter().map(|known| &known.certificate);
    others
        .filter(|it| it.names() == new.names() && !it.names().is_empty())
        .filter(|it| is_valid(it, now))
        .max_by_key(|it| (end(it), *it.hash()))
        .map(|it| *it.hash())
}

/// The certificate that covers a host name and is valid the longest.
pub(super) fn covering(host: &str, inventory: &Inventory, now: Timestamp) -> Option<CertHash> {
    let known = inventory.iter().map(|known| &known.certificate);
    known
        .filter(|it| it.covers(host) && is_valid(it, now))
        .max_by_key(|it| (end(it), *it.hash()))
        .map(|it| *it.hash())
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

fn end(certificate: &Certificate) -> Timestamp {
    certificate.validity().not_after
}

fn is_valid(certificate: &Certificate, now: Timestamp) -> bool {
    let validity = certificate.validity();
    validity.not_before <= now && now < validity.not_after
}

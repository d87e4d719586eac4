//! The sentence about this week: certificates that have expired, and those that expire within seven days.

use std::collections::HashSet;
use std::io::{self, Write};

use certbind_core::CertHash;
use jiff::{SignedDuration, Timestamp};

use crate::host_export::HostExport;
use crate::inventory::Inventory;
use crate::rules::day;
use crate::summary::{self, CertificateSummary, RuleSummary};

/// Writes the sentence, if there is such a certificate.
pub(super) fn write(
    out: &mut impl Write,
    exports: &[HostExport],
    rules: &[RuleSummary<'_>],
    inventory: &Inventory,
    now: Timestamp,
) -> io::Result<()> {
    let of = |id: &str| rules.iter().find(|rule| rule.findings[0].rule.id == id);
    let mut sentences = Vec::new();
    if let Some(expired) = of(summary::EXPIRED) {
        let (have, certificates) = match expired.certificates.len() {
            1 => ("has", "1 certificate".to_owned()),
            count => ("have", format!("{count} certificates")),
        };
        let place = summary::place(expired.bindings, expired.hosts);
        sentences.push(format!("{certificates} {have} expired{place}."));
    }
    let ending: HashSet<_> = of(summary::EXPIRING)
        .into_iter()
        .flat_map(|cause| ending(cause, inventory, now))
        .map(|it| it.hash)
        .collect();
    if !ending.is_empty() {
        let (expire, certificates) = match ending.len() {
            1 => ("expires", "1 certificate".to_owned()),
            count => ("expire", format!("{count} certificates")),
        };
        let last = day(week_after(now));
        let place = place(exports, &ending);
        sentences.push(format!(
            "{certificates} {expire} by <span class=\"day\">{last}</span>{place}."
        ));
    }
    match sentences.is_empty() {
        true => Ok(()),
        false => {
            let sentences = sentences.join(" ");
            writeln!(out, "<p class=\"week\"><b>This week:</b> {sentences}</p>")
        }
    }
}

/// The certificates of a cause that expire within a week.
pub(super) fn ending<'a>(
    cause: &'a RuleSummary<'_>,
    inventory: &Inventory,
    now: Timestamp,
) -> impl Iterator<Item = &'a CertificateSummary> {
    let week = week_after(now);
    cause.certificates.iter().filter(move |it| {
        let known = inventory.get(&it.hash);
        known.is_some_and(|it| it.certificate.validity().not_after <= week)
    })
}

fn week_after(now: Timestamp) -> Timestamp {
    now + SignedDuration::from_hours(7 * 24)
}

/// Where the certificates are bound.
fn place(exports: &[HostExport], certificates: &HashSet<CertHash>) -> String {
    let counts = exports.iter().map(|host| {
        let bindings = host.reading.export.bindings.iter();
        let hashes = bindings.filter_map(|it| it.record().hash());
        hashes.filter(|hash| certificates.contains(hash)).count()
    });
    let (bindings, hosts) = counts
        .filter(|count| *count > 0)
        .fold((0, 0), |(bindings, hosts), count| {
            (bindings + count, hosts + 1)
        });
    summary::place(bindings, hosts)
}

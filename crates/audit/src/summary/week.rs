//! The sentences about this week: certificates that have expired, and those that expire within seven
//! days.

use std::collections::HashSet;

use certbind_core::CertHash;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{CertificateSummary, EXPIRED, EXPIRING, RuleSummary, place};
use crate::host_export::HostExport;
use crate::inventory::Inventory;
use crate::rules::day;

/// A sentence about certificates: `2 certificates expire by`, the day, ` in 62 bindings on 12 hosts.`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekSentence {
    /// The text before the day.
    pub start: String,
    /// The day, in UTC.
    pub day: Option<Date>,
    /// The rest.
    pub end: String,
}

impl std::fmt::Display for WeekSentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.day {
            Some(day) => write!(f, "{} {day}{}", self.start, self.end),
            None => write!(f, "{}{}", self.start, self.end),
        }
    }
}

/// The sentences. None if no certificate has expired or expires within a week.
#[must_use]
pub fn week(
    exports: &[HostExport],
    rules: &[RuleSummary<'_>],
    inventory: &Inventory,
    now: Timestamp,
) -> Vec<WeekSentence> {
    let of = |id: &str| rules.iter().find(|rule| rule.findings[0].rule.id == id);
    let mut sentences = Vec::new();
    if let Some(expired) = of(EXPIRED) {
        let (have, certificates) = match expired.certificates.len() {
            1 => ("has", "1 certificate".to_owned()),
            count => ("have", format!("{count} certificates")),
        };
        sentences.push(WeekSentence {
            start: format!("{certificates} {have} expired"),
            day: None,
            end: format!("{}.", place(expired.bindings, expired.hosts)),
        });
    }
    let ending: HashSet<_> = of(EXPIRING)
        .into_iter()
        .flat_map(|cause| ending(cause, inventory, now))
        .map(|it| it.hash)
        .collect();
    if !ending.is_empty() {
        let (expire, certificates) = match ending.len() {
            1 => ("expires", "1 certificate".to_owned()),
            count => ("expire", format!("{count} certificates")),
        };
        sentences.push(WeekSentence {
            start: format!("{certificates} {expire} by"),
            day: Some(day(week_after(now))),
            end: format!("{}.", place_of(exports, &ending)),
        });
    }
    sentences
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

/// The number of bindings and hosts of the certificates.
fn place_of(exports: &[HostExport], certificates: &HashSet<CertHash>) -> String {
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
    place(bindings, hosts)
}

//! A certificate that is valid for longer than browsers allow.

use certbind_certificates::Validity;
use jiff::SignedDuration;
use jiff::civil::{Date, date};

use crate::finding::{FindingLocation, RelatedLocations, Subject};
use crate::fleet::Fleet;
use crate::host_binding::HostBinding;
use crate::rule::Rule;
use crate::rules::{Check, Findings, day};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB114",
    title: "The certificate is valid for longer than public CAs may issue",
    severity: Severity::Note,
    why: "The Baseline Requirements of the CA/Browser Forum limit the lifetime of certificates \
        from public CAs, and browsers reject longer ones. Private CAs are exempt, but a stolen \
        key remains useful for as long as the certificate is valid.",
    remedy: "Issue certificates for shorter periods, and automate their renewal.",
};

pub(super) const CHECK: Check = Check::Fleet(check);

/// The most days that a certificate may be valid for, by the day of its issue.
const LIMITS: [(Date, i64); 5] = [
    (date(2018, 3, 1), 825),
    (date(2020, 9, 1), 398),
    (date(2026, 3, 15), 200),
    (date(2027, 3, 15), 100),
    (date(2029, 3, 15), 47),
];

fn check(fleet: &Fleet<'_>, findings: &mut Findings) {
    for (hash, uses) in fleet.uses.iter() {
        let Some(known) = fleet.inventory.get(hash) else {
            continue;
        };
        let validity = known.certificate.validity();
        let Some(limit) = limit(validity).filter(|limit| days(validity) > *limit) else {
            continue;
        };
        let place = FindingLocation {
            host: None,
            subject: Subject::Certificate(*hash),
            line: None,
            registry: None,
        };
        let sentence = format!(
            "it is valid for {} days from {}; the limit was {limit} days",
            days(validity),
            day(validity.not_before),
        );
        findings
            .add(place, sentence)
            .related_to(RelatedLocations::of(uses.iter().map(HostBinding::place)));
    }
}

fn limit(validity: Validity) -> Option<i64> {
    let issued = day(validity.not_before);
    let in_force = LIMITS.iter().rev().find(|(from, _)| issued >= *from);
    in_force.map(|(_, days)| *days)
}

/// The days of a validity, begun ones included. Its last second belongs to it (RFC 5280, 4.1.2.5).
fn days(validity: Validity) -> i64 {
    let period =
        validity.not_after.duration_since(validity.not_before) + SignedDuration::from_secs(1);
    (period.as_secs() + 86_399) / 86_400
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let key = "hostnameport=www.contoso.com:443";
    let bound = |name: &str| Scene::new().knows(name).bind_to(key, name);
    Cases::new()
        .trips(
            bound("long-lived"),
            &["certificate 83d8bf12f08ffb5166c7a76163f6e4491b3017af"],
            "it is valid for 366 days from 2026-04-01; the limit was 200 days",
        )
        .passes("a year, allowed at its issue", Scene::www())
        .passes("six days", bound("six-days"))
        .passes("it is not bound", Scene::new().knows("long-lived"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_that_of_the_day_of_issue() {
        for (from, to, allowed) in [
            ("2018-02-28T00:00:00Z", "2028-02-28T00:00:00Z", true),
            ("2020-08-31T00:00:00Z", "2022-12-03T23:59:59Z", true),
            ("2020-08-31T00:00:00Z", "2022-12-04T23:59:59Z", false),
            ("2020-09-01T00:00:00Z", "2021-10-03T23:59:59Z", true),
            ("2020-09-01T00:00:00Z", "2021-10-04T00:00:00Z", false),
            ("2026-03-14T23:59:59Z", "2027-04-16T23:59:58Z", true),
            ("2026-03-15T00:00:00Z", "2026-09-30T23:59:59Z", true),
            ("2026-03-15T00:00:00Z", "2026-10-01T00:00:00Z", false),
            ("2029-03-15T00:00:00Z", "2029-05-01T00:00:00Z", false),
        ] {
            let validity = Validity {
                not_before: from.parse().unwrap(),
                not_after: to.parse().unwrap(),
            };
            let within = limit(validity).is_none_or(|limit| days(validity) <= limit);
            assert_eq!(within, allowed, "{from} {to} {}", days(validity));
        }
    }
}

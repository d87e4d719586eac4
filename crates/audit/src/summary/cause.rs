//! The causes of findings: a sentence for each rule, the first of its certificates or places, and the
//! commands that fix them.

use certbind_core::CertHash;
use jiff::civil::Date;

use super::{CertificateSummary, EXPIRED, EXPIRING, RuleSummary, counted, place, week};
use crate::finding::Finding;
use crate::fix::{Fix, Fixes};
use crate::inventory::Inventory;
use crate::report::Report;
use crate::rules::day;
use crate::severity::Severity;

/// The rule about records whose name the certificate does not cover.
const NOT_COVERED: &str = "CB107";

/// A rule with findings, as a task.
pub struct Cause<'a> {
    /// The findings, counted.
    pub rule: &'a RuleSummary<'a>,
    /// `29 expired certificates`, or the title of the rule.
    pub headline: String,
    /// ` in 562 bindings on 240 hosts`, as far as the findings name them.
    pub place: String,
    /// The first certificates or findings, with their fixes.
    pub items: Vec<CauseItem<'a>>,
    /// The number of the others: `7 more certificates`. None if there are no others.
    pub more: Option<String>,
    /// The remedy, if no command fixes an item.
    pub remedy: Option<&'static str>,
}

/// A part of a cause.
pub struct CauseItem<'a> {
    /// The certificate, if the cause is about certificates.
    pub certificate: Option<CertificateItem<'a>>,
    /// The finding, if it is about other things.
    pub finding: Option<&'a Finding>,
    /// The number of further findings of the same host that the same commands fix.
    pub alike: usize,
    /// The commands that fix it.
    pub fix: Option<Fix>,
}

/// A certificate of a cause.
pub struct CertificateItem<'a> {
    /// Its hash.
    pub hash: CertHash,
    /// Its subject, if the inventory has it.
    pub subject: Option<&'a str>,
    /// The last day of its validity, if the inventory has it.
    pub until: Option<Date>,
    /// ` in 562 bindings on 240 hosts`.
    pub place: String,
}

/// The errors and warnings as tasks, in the order of the rules. Of each, `most` items are listed.
#[must_use]
pub fn causes<'a>(
    rules: &'a [RuleSummary<'a>],
    report: &'a Report,
    inventory: &'a Inventory,
    fixes: &Fixes<'_>,
    most: usize,
) -> Vec<Cause<'a>> {
    let tasks = rules.iter();
    let tasks = tasks.filter(|rule| rule.findings[0].severity != Severity::Note);
    tasks
        .map(|rule| {
            // Each record needs a certificate for its own name.
            let is_of_records = rule.findings[0].rule.id == NOT_COVERED;
            let of_certificates = match rule.certificates.len() {
                0 => None,
                all => (!is_of_records).then_some(all),
            };
            let (items, all, kind) = match of_certificates {
                Some(all) => {
                    let items = certificates(rule, inventory, fixes, most);
                    (items, all, "more certificate")
                }
                None => {
                    let items = findings(rule.findings, fixes, most);
                    (items, rule.findings.len(), "more finding")
                }
            };
            let listed: usize = items.iter().map(|item| 1 + item.alike).sum();
            let more = all - listed;
            let is_fixed = items.iter().any(|item| item.fix.is_some());
            Cause {
                rule,
                headline: headline(rule, inventory, report),
                place: place(rule.bindings, rule.hosts),
                more: (more > 0).then(|| counted(more, kind)),
                remedy: (!is_fixed).then_some(rule.findings[0].rule.remedy),
                items,
            }
        })
        .collect()
}

/// The first findings. Those of one host that the same commands fix are one item.
fn findings<'a>(findings: &'a [Finding], fixes: &Fixes<'_>, most: usize) -> Vec<CauseItem<'a>> {
    let mut items: Vec<CauseItem<'a>> = Vec::new();
    for finding in findings {
        let fix = fixes.of(finding);
        let host = finding.place.host;
        let is_alike = |last: &&mut CauseItem<'_>| {
            fix.is_some() && last.fix == fix && last.finding.map(|it| it.place.host) == Some(host)
        };
        if let Some(last) = items.last_mut().filter(is_alike) {
            last.alike += 1;
            continue;
        }
        if items.len() == most {
            break;
        }
        items.push(CauseItem {
            certificate: None,
            finding: Some(finding),
            alike: 0,
            fix,
        });
    }
    items
}

fn certificates<'a>(
    rule: &'a RuleSummary<'a>,
    inventory: &'a Inventory,
    fixes: &Fixes<'_>,
    most: usize,
) -> Vec<CauseItem<'a>> {
    let id = rule.findings[0].rule.id;
    let mut certificates = rule.certificates.clone();
    let end = |it: &CertificateSummary| {
        let known = inventory.get(&it.hash)?;
        Some(known.certificate.validity().not_after)
    };
    if id == EXPIRING {
        // The first to expire is the first to replace.
        certificates.sort_by_key(end);
    }
    let first = certificates.into_iter().take(most);
    first
        .map(|it| CauseItem {
            fix: fixes.of_certificate_everywhere(id, &it.hash),
            certificate: Some(CertificateItem {
                hash: it.hash,
                subject: inventory.get(&it.hash).map(|it| it.certificate.subject()),
                until: end(&it).map(day),
                place: place(it.bindings, it.hosts),
            }),
            finding: None,
            alike: 0,
        })
        .collect()
}

/// The sentence of a cause, without the extent.
fn headline(cause: &RuleSummary<'_>, inventory: &Inventory, report: &Report) -> String {
    let certificates = cause.certificates.len();
    let plural = |one: &str, many: &str| match certificates {
        1 => format!("1 {one}"),
        _ => format!("{certificates} {many}"),
    };
    match cause.findings[0].rule.id {
        EXPIRED => plural("expired certificate", "expired certificates"),
        EXPIRING => {
            let soon = plural("certificate expires soon", "certificates expire soon");
            match week::ending(cause, inventory, report.config.now).count() {
                0 => soon,
                this_week => format!("{soon}, {this_week} within a week,"),
            }
        }
        _ if certificates > 0 => format!(
            "{}: {}",
            counted(certificates, "certificate"),
            cause.findings[0].rule.title
        ),
        _ => cause.findings[0].rule.title.to_owned(),
    }
}

//! The counts of an audit: for each rule the number of certificates, bindings and hosts with
//! findings.

mod cause;
mod week;

pub use cause::{Cause, CauseItem, CertificateItem, causes};
pub use week::{WeekSentence, week};

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use certbind_core::{BindingKey, CertHash};
use rayon::prelude::*;

use crate::finding::{Finding, Subject};
use crate::host_export::HostExport;
use crate::report::Report;

/// The findings of a rule, counted. A certificate counts for all of its bindings.
pub struct RuleSummary<'a> {
    /// The findings, which are of one rule and one severity.
    pub findings: &'a [Finding],
    /// The certificates, those with the most bindings first. None for rules about other things.
    pub certificates: Vec<CertificateSummary>,
    /// The number of bindings.
    pub bindings: usize,
    /// The number of hosts.
    pub hosts: usize,
}

/// A certificate among the findings of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateSummary {
    /// Its hash.
    pub hash: CertHash,
    /// The number of bindings to it that the rule is about.
    pub bindings: usize,
    /// The number of hosts that these are on.
    pub hosts: usize,
}

/// The rule about certificates that have expired.
pub(crate) const EXPIRED: &str = "CB101";
/// The rule about certificates that expire soon.
pub(crate) const EXPIRING: &str = "CB102";

/// Where each certificate is bound.
type Uses<'a> = HashMap<CertHash, Vec<(usize, &'a BindingKey)>>;

/// The rules that found something, the worst first. Of one severity, those about certificates that expire come
/// first: they have a day.
///
/// ```
/// use certbind_audit::{Config, HostExport, Inventory, audit, summary};
///
/// let hosts = [HostExport::of_bindings("web-01", Vec::new())];
/// let report = audit(&hosts, &Inventory::none(), &Config::at("2026-06-01T00:00:00Z".parse()?));
/// assert!(summary::rules(&hosts, &report).is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn rules<'a>(hosts: &[HostExport], report: &'a Report) -> Vec<RuleSummary<'a>> {
    let is_about_certificate =
        |finding: &Finding| matches!(finding.place.subject, Subject::Certificate(_));
    let needs_uses = report.findings.iter().any(is_about_certificate);
    let mut uses: Uses<'_> = HashMap::new();
    for (index, host) in hosts.iter().enumerate().filter(|_| needs_uses) {
        for binding in &host.reading.export.bindings {
            if let Some(hash) = binding.record().hash() {
                uses.entry(*hash).or_default().push((index, binding.key()));
            }
        }
    }
    let groups = report.findings.chunk_by(|a, b| a.rule.id == b.rule.id);
    let mut groups: Vec<_> = groups.collect();
    groups.sort_by_key(|group| {
        let has_a_day = matches!(group[0].rule.id, EXPIRED | EXPIRING);
        (Reverse(group[0].severity), !has_a_day)
    });
    match report.config.in_parallel {
        true => groups
            .par_iter()
            .map(|group| summary(group, &uses))
            .collect(),
        false => groups.iter().map(|group| summary(group, &uses)).collect(),
    }
}

fn summary<'a>(findings: &'a [Finding], uses: &Uses<'_>) -> RuleSummary<'a> {
    let is_about_certificates = findings.iter().all(|it| it.rule.id.starts_with("CB1"));
    let mut certificates: HashMap<CertHash, HashSet<(usize, &BindingKey)>> = HashMap::new();
    let mut bindings: Vec<(usize, &BindingKey)> = Vec::new();
    let mut hosts = BTreeSet::new();
    for finding in findings {
        hosts.extend(finding.place.host);
        match (&finding.place.subject, finding.place.host) {
            (Subject::Binding(binding), Some(host)) => {
                bindings.push((host, binding.key()));
                if let Some(hash) = binding.record().hash().filter(|_| is_about_certificates) {
                    let of_hash = certificates.entry(*hash).or_default();
                    of_hash.insert((host, binding.key()));
                }
            }
            (Subject::Certificate(hash), _) => {
                let uses = uses.get(hash).into_iter().flatten();
                let of_hash = certificates.entry(*hash).or_default();
                of_hash.extend(uses.clone().copied());
                bindings.extend(uses.copied());
            }
            _ => {}
        }
    }
    // The findings of a rule are nearly always in this order already.
    bindings.sort_unstable();
    bindings.dedup();
    hosts.extend(bindings.iter().map(|(host, _)| *host));
    let mut certificates: Vec<_> = match is_about_certificates {
        true => certificates.iter().map(|(hash, uses)| CertificateSummary {
            hash: *hash,
            bindings: uses.len(),
            hosts: uses
                .iter()
                .map(|(host, _)| *host)
                .collect::<BTreeSet<_>>()
                .len(),
        }),
        false => {
            return RuleSummary {
                findings,
                certificates: Vec::new(),
                bindings: bindings.len(),
                hosts: hosts.len(),
            };
        }
    }
    .collect();
    // The order of a hash map is another one each time.
    certificates.sort_by_key(|it| (Reverse(it.bindings), it.hash));
    RuleSummary {
        findings,
        certificates,
        bindings: bindings.len(),
        hosts: hosts.len(),
    }
}

impl RuleSummary<'_> {
    /// `29 certificates in 562 bindings on 240 hosts`, as far as the findings name them.
    #[must_use]
    pub fn extent(&self) -> String {
        let what = match self.certificates.len() {
            0 => counted(self.findings.len(), "finding"),
            certificates => counted(certificates, "certificate"),
        };
        format!("{what}{}", place(self.bindings, self.hosts))
    }
}

/// ` in 562 bindings on 240 hosts`.
pub(crate) fn place(bindings: usize, hosts: usize) -> String {
    let mut place = String::new();
    if bindings > 0 {
        place.push_str(&format!(" in {}", counted(bindings, "binding")));
    }
    if hosts > 0 {
        place.push_str(&format!(" on {}", counted(hosts, "host")));
    }
    place
}

/// `1 host`, `2 hosts`.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

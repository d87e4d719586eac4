//! The hosts of an earlier report in this one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::earlier::{EarlierReport, EarlierSubject};
use crate::host_export::{HostExport, NotAssessed};
use crate::report::Report;

/// Which host is which.
pub(super) struct Matched {
    /// The host of this report, by the earlier index.
    now: Vec<Option<usize>>,
    /// The earlier host, by the index of this report.
    before: Vec<Option<usize>>,
}

/// The rule and subject of a finding about one host.
type FindingIdentity = (String, EarlierSubject);

/// The most pairs of hosts that are compared by their findings, so that the time is bounded.
const MAX_PAIRS: usize = 1_000_000;

/// The hosts by their names, and renamed ones by their findings.
pub(super) fn matched(report: &Report, earlier: &EarlierReport) -> Matched {
    let mut matched = Matched {
        now: vec![None; earlier.hosts.len()],
        before: vec![None; report.hosts.len()],
    };
    // Names of hosts are compared without case, as DNS and NetBIOS do.
    let names = report.hosts.iter().map(|host| host.name.to_lowercase());
    let by_name: HashMap<_, usize> = names.zip(0..).collect();
    for (before, host) in earlier.hosts.iter().enumerate() {
        if let Some(now) = by_name.get(&host.name.to_lowercase()) {
            matched.pair(before, *now);
        }
    }
    let free_before: Vec<_> = Matched::free(&matched.now);
    let free_now: Vec<_> = Matched::free(&matched.before);
    let pairs = free_before.len().max(free_now.len()) * report.hosts.len().max(earlier.hosts.len());
    if free_before.is_empty() || free_now.is_empty() || pairs > MAX_PAIRS {
        return matched;
    }
    let marks_before = marks_before(earlier);
    let marks_now = marks_now(report);
    // Two hosts are similar if they share more than half of the findings of either. Hosts of a farm
    // are similar as well: a host counts as renamed only if each of the two is the most similar one
    // to the other, among all hosts.
    let best = |marks: &BTreeSet<FindingIdentity>, others: &[BTreeSet<FindingIdentity>]| {
        let mut alike: Vec<_> = others
            .iter()
            .map(|other| {
                let common = marks.intersection(other).count();
                let all = marks.len() + other.len() - common;
                (common * 1000 / all.max(1), common)
            })
            .zip(0..)
            .collect();
        alike.sort_unstable_by(|a, b| b.cmp(a));
        match alike[..] {
            [((share, common), at)] if share > 500 && common > 0 => Some(at),
            [(first, at), (second, _), ..] if first.0 > 500 && first.0 > second.0 => Some(at),
            _ => None,
        }
    };
    for before in free_before {
        let Some(now) = best(&marks_before[before], &marks_now) else {
            continue;
        };
        if matched.before[now].is_none() && best(&marks_now[now], &marks_before) == Some(before) {
            matched.pair(before, now);
        }
    }
    matched
}

fn marks_before(earlier: &EarlierReport) -> Vec<BTreeSet<FindingIdentity>> {
    let names = earlier.hosts.iter().map(|host| host.name.as_str());
    let index: HashMap<_, usize> = names.zip(0..).collect();
    let mut marks = vec![BTreeSet::new(); earlier.hosts.len()];
    for finding in earlier.findings.iter().chain(&earlier.waived) {
        let host = finding.host.as_deref().and_then(|name| index.get(name));
        if let Some(host) = host {
            let mark: FindingIdentity = (finding.rule.clone(), finding.subject.clone());
            marks[*host].insert(mark);
        }
    }
    clear_unassessed(&mut marks, |host| {
        earlier.hosts[host].not_assessed.is_some()
    });
    marks
}

fn marks_now(report: &Report) -> Vec<BTreeSet<FindingIdentity>> {
    let mut marks = vec![BTreeSet::new(); report.hosts.len()];
    let waived = report.waived.iter().map(|waived| &waived.finding);
    for finding in report.findings.iter().chain(waived) {
        if let Some(host) = finding.place.host {
            let subject = EarlierSubject::of(&finding.place.subject);
            marks[host].insert((finding.rule.id.to_owned(), subject));
        }
    }
    clear_unassessed(&mut marks, |host| report.hosts[host].not_assessed.is_some());
    marks
}

/// Unassessed hosts are similar to no other.
fn clear_unassessed(
    marks: &mut [BTreeSet<FindingIdentity>],
    is_unassessed: impl Fn(usize) -> bool,
) {
    for (host, marks) in marks.iter_mut().enumerate() {
        if is_unassessed(host) {
            marks.clear();
        }
    }
}

impl Matched {
    fn pair(&mut self, before: usize, now: usize) {
        if self.before[now].is_none() {
            self.now[before] = Some(now);
            self.before[now] = Some(before);
        }
    }

    fn free(hosts: &[Option<usize>]) -> Vec<usize> {
        let hosts = hosts.iter().enumerate();
        hosts
            .filter(|(_, it)| it.is_none())
            .map(|(at, _)| at)
            .collect()
    }

    /// The earlier hosts of which this audit has no export.
    pub(super) fn gone_hosts(
        &self,
        earlier: &EarlierReport,
        exports: &[HostExport],
    ) -> Vec<String> {
        let has_export = |now: &Option<usize>| {
            let export = now.and_then(|now| exports.get(now));
            export.is_some_and(|it| it.not_assessed != Some(NotAssessed::OnlyInBaseline))
        };
        let hosts = earlier.hosts.iter().zip(&self.now);
        let gone = hosts.filter(|(_, now)| !has_export(now));
        gone.map(|(host, _)| host.name.clone()).collect()
    }

    /// The hosts that the earlier report does not have.
    pub(super) fn new_hosts(&self, report: &Report) -> Vec<String> {
        let new = Self::free(&self.before).into_iter();
        new.map(|host| report.hosts[host].name.clone()).collect()
    }

    /// The host of this report that an earlier one is.
    pub(super) fn now(&self, before: usize) -> Option<usize> {
        self.now[before]
    }

    /// The names of renamed hosts, before and now.
    pub(super) fn renamed(
        &self,
        report: &Report,
        earlier: &EarlierReport,
    ) -> Vec<(String, String)> {
        let pairs = self.before.iter().enumerate();
        let names = pairs.filter_map(|(now, before)| {
            let before = earlier.hosts[(*before)?].name.clone();
            let now = report.hosts[now].name.clone();
            (before.to_lowercase() != now.to_lowercase()).then_some((before, now))
        });
        names.collect()
    }

    /// The identities of the hosts: that of the earlier report, or their names. No two are the same.
    pub(super) fn identities(&self, report: &Report, earlier: &EarlierReport) -> Vec<String> {
        let inherited = |now: usize| {
            let host = &earlier.hosts[self.before[now]?];
            Some(host.identity.clone().unwrap_or_else(|| host.name.clone()))
        };
        let mut taken: HashSet<String> = (0..report.hosts.len()).filter_map(inherited).collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut identities = Vec::new();
        for (now, host) in report.hosts.iter().enumerate() {
            identities.push(inherited(now).unwrap_or_else(|| {
                let mut name = host.name.clone();
                while !taken.insert(name.clone()) {
                    let number = seen.entry(host.name.clone()).or_insert(1);
                    *number += 1;
                    name = format!("{} #{number}", host.name);
                }
                name
            }));
        }
        identities
    }
}

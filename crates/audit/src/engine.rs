//! Conducting an audit.

use std::collections::HashSet;

use crate::config::Config;
use crate::finding::{Finding, Subject};
use crate::fleet::Fleet;
use crate::host_export::HostExport;
use crate::inventory::Inventory;
use crate::report::{HostSummary, Report, WaivedFinding};
use crate::rules::{CHECKS, Check, Findings, Waivers};

/// Audits the exports of hosts, separately and together.
///
/// It takes time and memory in proportion to the bindings and findings. The time is that of
/// [`Config::now`]; the result depends on no other state of the machine.
#[must_use]
pub fn audit(exports: &[HostExport], inventory: &Inventory, config: &Config) -> Report {
    let fleet = Fleet::new(exports, inventory, config);
    let hosts = summaries(exports);
    let mut waivers = Waivers::new(config, &hosts);
    let (mut findings, mut waived) = (Vec::new(), Vec::new());
    // Waivers are judged by all that the other rules found.
    let (of_waivers, others): (Vec<_>, Vec<_>) = CHECKS
        .iter()
        .partition(|(_, check)| matches!(check, Check::Waivers(_)));
    for (rule, check) in others.into_iter().chain(of_waivers) {
        let Some(severity) = config.severity(rule) else {
            continue;
        };
        let mut found = Findings::new(rule, severity);
        match check {
            Check::Record(check) => {
                for bound in fleet.hosts.iter().flat_map(|host| &host.bindings) {
                    if let Some(sentence) = check(bound.binding, &fleet) {
                        found.add(bound.place(), sentence);
                    }
                }
            }
            Check::Host(check) => fleet
                .hosts
                .iter()
                .for_each(|host| check(host, &fleet, &mut found)),
            Check::Fleet(check) => check(&fleet, &mut found),
            Check::Waivers(check) => check(&waivers, &mut found),
        }
        for finding in found.into_findings() {
            match waivers.waiver_of(&finding) {
                Some(waiver) => waived.push(WaivedFinding {
                    reason: waiver.reason.clone(),
                    until: waiver.until,
                    finding,
                }),
                None => findings.push(finding),
            }
        }
    }
    // Rules report findings host by host and key by key, and the sort is stable.
    let worst_first = |finding: &Finding| std::cmp::Reverse(finding.severity);
    findings.sort_by_key(worst_first);
    waived.sort_by_key(|waived| worst_first(&waived.finding));
    let all = findings.iter().chain(waived.iter().map(|it| &it.finding));
    let found = all.filter_map(|finding| match &finding.place.subject {
        Subject::Certificate(hash) => Some(hash),
        _ => None,
    });
    let certificate_files = found
        .chain(fleet.uses.keys())
        .filter_map(|hash| Some((*hash, inventory.get(hash)?.file.clone().into_string())))
        .collect();
    Report {
        certificate_files,
        config: config.clone(),
        hosts,
        certificates: inventory.is_given().then(|| inventory.len()),
        findings,
        waived,
        changes: None,
    }
}

/// The summary of each host, under unique names.
fn summaries(exports: &[HostExport]) -> Vec<HostSummary> {
    let mut taken = HashSet::new();
    let named = exports.iter().map(|export| {
        let mut name = export.name.clone();
        if let Some(source) = export.source.as_ref().filter(|_| taken.contains(&name)) {
            name = format!("{name} ({source})");
        }
        let base = name.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{base} #{number}");
            number += 1;
        }
        HostSummary {
            identity: name.clone(),
            name,
            source: export.source.clone(),
            iis: export.iis.file().map(str::to_owned),
            captured_at: export.reading.export.header.captured_at,
            bindings: export.reading.export.bindings.len(),
            not_assessed: export.not_assessed.clone(),
        }
    });
    named.collect()
}

//! Conducting an audit.

use std::collections::HashSet;
use std::path::Path;

use rayon::prelude::*;

use crate::config::Config;
use crate::finding::{Finding, Subject};
use crate::fleet::Fleet;
use crate::host_export::HostExport;
use crate::inventory::Inventory;
use crate::report::{HostSummary, Report, WaivedFinding};
use crate::rule::Rule;
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
    let found_by = |(rule, check): &'static (&Rule, Check)| {
        let mut found = Findings::new(rule, config.severity(rule)?);
        check_fleet(*check, &fleet, &mut found);
        Some(found)
    };
    let by_rule: Vec<_> = match config.in_parallel {
        true => others.into_par_iter().filter_map(found_by).collect(),
        false => others.into_iter().filter_map(found_by).collect(),
    };
    let mut add = |found: Findings, waivers: &mut Waivers<'_>| {
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
    };
    for found in by_rule {
        add(found, &mut waivers);
    }
    for (rule, check) in of_waivers {
        if let (Check::Waivers(check), Some(severity)) = (check, config.severity(rule)) {
            let mut found = Findings::new(rule, severity);
            check(&waivers, &mut found);
            add(found, &mut waivers);
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
        .chain(fleet.uses.iter().map(|(hash, _)| hash))
        .filter_map(|hash| Some((*hash, inventory.get(hash)?.file.clone().into_string())))
        .collect();
    Report {
        certificate_files,
        certificate_folder: inventory.folder().map(Path::to_owned),
        config: config.clone(),
        hosts,
        certificates: inventory.is_given().then(|| inventory.len()),
        findings,
        waived,
        changes: None,
    }
}

/// Checks a rule, other than one about waivers.
fn check_fleet(check: Check, fleet: &Fleet<'_>, found: &mut Findings) {
    match check {
        Check::Record(check) => {
            for bound in fleet.hosts.iter().flat_map(|host| &host.bindings) {
                if let Some(sentence) = check(bound.binding, fleet) {
                    found.add(bound.place(), sentence);
                }
            }
        }
        Check::Host(check) => fleet
            .hosts
            .iter()
            .for_each(|host| check(host, fleet, found)),
        Check::Fleet(check) => check(fleet, found),
        Check::Waivers(_) => {}
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

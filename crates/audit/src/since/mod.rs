//! Findings over time: new ones since an earlier report, fixed ones, and those that were not
//! assessed.
//!
//! A finding is the same if its rule, its host and its subject are the same; lines, files and sentences may
//! differ. A host is the same by its name, or by its findings if it was renamed. Where several hosts have
//! the same findings, [`EarlierReport::rename_host`] names the renamed one.
//!
//! ```
//! use certbind_audit::json::JsonReport;
//! use certbind_audit::{Config, EarlierReport, HostExport, Inventory, audit};
//!
//! let config = Config::at("2026-06-01T00:00:00Z".parse()?);
//! let hosts = [HostExport::of_bindings("web-01", Vec::new())];
//! let mut report = audit(&hosts, &Inventory::none(), &config);
//! let earlier = serde_json::to_string(&JsonReport::of(&report))?;
//! report.compare(&EarlierReport::parse(&earlier)?, &hosts, &Inventory::none());
//! let changes = report.changes.as_ref().expect("the report was compared");
//! assert!(changes.fixed.is_empty() && changes.not_assessed.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assessed;
mod hosts;

use std::collections::HashMap;

use crate::changes::{ChangeCounts, Changes};
use crate::earlier::{EarlierReport, EarlierSubject};
use crate::finding::{Finding, FindingState};
use crate::host_export::HostExport;
use crate::inventory::Inventory;
use crate::report::Report;

/// The identity of a finding: the rule, the host's index in the report, and the subject.
type Identity = (String, Option<usize>, EarlierSubject);

impl Report {
    /// Compares the report with an earlier one. `exports` and `inventory` are those of the audit.
    ///
    /// Findings get their [`state`](crate::Finding::state), hosts their
    /// [`identity`](crate::HostSummary::identity), and the report its [`changes`](Self::changes).
    pub fn compare(
        &mut self,
        earlier: &EarlierReport,
        exports: &[HostExport],
        inventory: &Inventory,
    ) {
        let matched = hosts::matched(self, earlier);
        let identities = matched.identities(self, earlier);
        for (summary, identity) in self.hosts.iter_mut().zip(identities) {
            summary.identity = identity;
        }
        let names = earlier.hosts.iter().map(|host| host.name.as_str());
        let index: HashMap<_, usize> = names.zip(0..).collect();
        let now = |name: &str| matched.now(*index.get(name)?);
        // An earlier finding whose host is not in this report has no identity in it.
        let mut before: HashMap<Identity, Vec<usize>> = HashMap::new();
        let all = earlier.findings.iter().chain(&earlier.waived);
        for (at, finding) in all.clone().enumerate() {
            let host = match &finding.host {
                None => None,
                Some(name) => match now(name) {
                    Some(host) => Some(host),
                    None => continue,
                },
            };
            let identity = (finding.rule.clone(), host, finding.subject.clone());
            before.entry(identity).or_default().push(at);
        }
        // The first is matched first.
        before.values_mut().for_each(|found| found.reverse());
        let mut is_found = vec![false; all.clone().count()];
        let mut judge = |finding: &mut Finding| {
            let subject = EarlierSubject::of(&finding.place.subject);
            let identity = (finding.rule.id.to_owned(), finding.place.host, subject);
            let same = before.get_mut(&identity).and_then(Vec::pop);
            finding.state = Some(match same {
                Some(at) => {
                    is_found[at] = true;
                    FindingState::Unchanged
                }
                None => FindingState::New,
            });
        };
        self.findings.iter_mut().for_each(&mut judge);
        let waived = self.waived.iter_mut();
        waived.for_each(|waived| judge(&mut waived.finding));
        let assessed = assessed::Assessed::new(self, exports, inventory, earlier, &now);
        let mut changes = Changes {
            since: earlier.audited_at,
            renamed: matched.renamed(self, earlier),
            gone_hosts: matched.gone_hosts(earlier, exports),
            new_hosts: matched.new_hosts(self),
            fixed: Vec::new(),
            not_assessed: Vec::new(),
        };
        for (finding, is_found) in earlier.findings.iter().zip(is_found) {
            if is_found {
                continue;
            }
            match assessed.objection(finding) {
                None => changes.fixed.push(finding.clone()),
                Some(why) => changes.not_assessed.push((finding.clone(), why)),
            }
        }
        self.changes = Some(changes);
    }

    /// How many findings are new, fixed, unchanged and not assessed, if the report was compared.
    #[must_use]
    pub fn change_counts(&self) -> Option<ChangeCounts> {
        let changes = self.changes.as_ref()?;
        let new = self.new_findings().count();
        Some(ChangeCounts {
            new,
            fixed: changes.fixed.len(),
            unchanged: self.findings.len() - new,
            not_assessed: changes.not_assessed.len(),
        })
    }

    /// The findings that are absent from the earlier report.
    pub fn new_findings(&self) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.state == Some(FindingState::New))
    }
}

#[cfg(test)]
mod tests;

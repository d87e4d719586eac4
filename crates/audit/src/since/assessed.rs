//! Whether this audit could have found an earlier finding again.

use std::collections::HashSet;

use certbind_core::{BindingKey, CertHash};

use crate::earlier::{EarlierFinding, EarlierReport, EarlierSubject};
use crate::host_export::{Baseline, HostExport, SitesOfIis};
use crate::inventory::Inventory;
use crate::report::Report;
use crate::rules::find;

/// The rules about hosts of which nothing is known.
const ABOUT_UNASSESSED: [&str; 2] = ["CB027", "CB206"];

/// The scope of this audit.
pub(super) struct Assessed<'a> {
    report: &'a Report,
    exports: &'a [HostExport],
    inventory: &'a Inventory,
    keys: Vec<HashSet<&'a BindingKey>>,
    now: &'a dyn Fn(&str) -> Option<usize>,
    /// Whether each host of the earlier report was assessed now.
    has_all_hosts: bool,
}

impl<'a> Assessed<'a> {
    pub(super) fn new(
        report: &'a Report,
        exports: &'a [HostExport],
        inventory: &'a Inventory,
        earlier: &EarlierReport,
        now: &'a dyn Fn(&str) -> Option<usize>,
    ) -> Self {
        let keys = exports.iter().map(|export| {
            let bindings = export.reading.export.bindings.iter();
            bindings.map(certbind_core::Binding::key).collect()
        });
        let mut assessed = Self {
            report,
            exports,
            inventory,
            keys: keys.collect(),
            now,
            has_all_hosts: true,
        };
        let mut hosts = earlier.hosts.iter();
        assessed.has_all_hosts = hosts.all(|host| assessed.host_objection(&host.name).is_none());
        assessed
    }

    /// The reason why it is unknown whether an earlier finding is fixed.
    pub(super) fn objection(&self, finding: &EarlierFinding) -> Option<String> {
        let Some(rule) = find(&finding.rule) else {
            return Some("this version has no such rule".to_owned());
        };
        if self.report.config.severity(rule).is_none() {
            return Some("the rule is off".to_owned());
        }
        let id = rule.id;
        let needs_certificates = id.starts_with("CB1") || id == "CB407";
        if needs_certificates && self.report.certificates.is_none() {
            return Some("no certificates were given".to_owned());
        }
        match &finding.host {
            Some(name) => self.on_host(name, id, &finding.subject),
            None => self.on_all(finding),
        }
    }

    fn on_host(&self, name: &str, rule: &str, subject: &EarlierSubject) -> Option<String> {
        let about_unassessed = ABOUT_UNASSESSED.contains(&rule);
        let objection = self.host_objection(name);
        let host = (self.now)(name);
        if let Some(why) = objection.filter(|_| host.is_none() || !about_unassessed) {
            return Some(why);
        }
        let export = self.exports.get(host?)?;
        if rule.starts_with("CB2") && !about_unassessed {
            match &export.baseline {
                Baseline::NotRequested => return Some("no baseline was given".to_owned()),
                Baseline::Missing(_) if rule != "CB205" => {
                    return Some("the host has no baseline".to_owned());
                }
                Baseline::Missing(_) | Baseline::Bindings { .. } => {}
            }
        }
        if rule.starts_with("CB4") {
            match &export.iis {
                SitesOfIis::Read { .. } => {}
                SitesOfIis::Unreadable { .. } => {
                    return Some("the configuration of IIS cannot be read".to_owned());
                }
                SitesOfIis::NotGiven => {
                    return Some("no configuration of IIS was given".to_owned());
                }
            }
        }
        let EarlierSubject::Binding { key } = subject else {
            return None;
        };
        let key: BindingKey = key.parse().ok()?;
        if !self.keys[host?].contains(&key) {
            let is_partly_read = !export.reading.errors.is_empty();
            return is_partly_read.then(|| "a record of the export cannot be read".to_owned());
        }
        let mut bindings = export.reading.export.bindings.iter();
        let binding = bindings.find(|binding| *binding.key() == key)?;
        let hash = binding.record().hash()?;
        let is_known = !rule.starts_with("CB1") || rule == "CB108";
        (!is_known && self.inventory.get(hash).is_none())
            .then(|| "the certificate is not in the inventory".to_owned())
    }

    /// A finding about all hosts is fixed only if each of its hosts was assessed.
    fn on_all(&self, finding: &EarlierFinding) -> Option<String> {
        let mut hosts = finding.related.iter().filter_map(|it| it.host.as_deref());
        if let Some(why) = hosts.find_map(|name| self.host_objection(name)) {
            return Some(why);
        }
        if finding.more_related > 0 && !self.has_all_hosts {
            return Some("not every host was assessed".to_owned());
        }
        let EarlierSubject::Certificate { hash } = &finding.subject else {
            return None;
        };
        let hash: CertHash = hash.parse().ok()?;
        let mut bindings = self
            .exports
            .iter()
            .flat_map(|export| &export.reading.export.bindings);
        let is_bound = bindings.any(|it| it.record().hash() == Some(&hash));
        (is_bound && self.inventory.get(&hash).is_none())
            .then(|| "the certificate is not in the inventory".to_owned())
    }

    fn host_objection(&self, name: &str) -> Option<String> {
        let Some(host) = (self.now)(name) else {
            return Some("the host was not audited".to_owned());
        };
        let is_unassessed = self.report.hosts[host].not_assessed.is_some();
        is_unassessed.then(|| "the host could not be assessed".to_owned())
    }
}

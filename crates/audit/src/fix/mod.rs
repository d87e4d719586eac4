//! The commands that fix findings.
//!
//! A command is complete: it has the keys, hashes and names of the finding. Where a person has to decide
//! or to provide something first, the fix says so. The tests execute the commands, and audit again.
//!
//! ```
//! use certbind_audit::fix::Fixes;
//! use certbind_audit::{Config, HostExport, Inventory, audit};
//! use certbind_core::{Binding, CertHash, Record, Uuid};
//!
//! let record = Record::new(CertHash::new([7; 20]), None, Uuid::from_u128(1));
//! let hosts = [HostExport::of_bindings("web-01", vec![Binding::new("0.0.0.0:443".parse()?, record)?])];
//! let inventory = Inventory::none();
//! let report = audit(&hosts, &inventory, &Config::at("2026-06-01T00:00:00Z".parse()?));
//! let finding = report.findings.iter().find(|it| it.rule.id == "CB005").unwrap();
//! let fix = Fixes::new(&hosts, &inventory, &report).of(finding).unwrap();
//! assert_eq!(fix.commands, ["certbind update ipport=0.0.0.0:443 --store-name=MY"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod certificates;
mod new_file;
mod options;
mod records;
mod shell;
mod sites;

use std::collections::{BTreeSet, HashMap};

use certbind_core::{Binding, BindingKey, CertHash};

use self::new_file::new_file;
use crate::finding::{Finding, Subject};
use crate::host_export::{Baseline, HostExport};
use crate::inventory::Inventory;
use crate::report::Report;

/// The most stores that a certificate is rotated in one by one.
const MAX_STORES: usize = 3;

/// The commands that fix a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fix {
    /// The condition under which the commands are right, to be read after "if": `nothing uses it`.
    pub condition: Option<String>,
    /// The commands, in this order, for `sh`, PowerShell and `cmd`. Without `--store` they are for the
    /// host itself.
    pub commands: Vec<String>,
}

/// The fixes of the findings of a report.
pub struct Fixes<'a> {
    hosts: &'a [HostExport],
    inventory: &'a Inventory,
    report: &'a Report,
    /// The bindings of the baselines.
    before: HashMap<(usize, &'a BindingKey), &'a Binding>,
}

impl<'a> Fixes<'a> {
    /// The fixes of a report of these hosts with this inventory.
    #[must_use]
    pub fn new(hosts: &'a [HostExport], inventory: &'a Inventory, report: &'a Report) -> Self {
        let indexed = hosts.iter().enumerate();
        let before = indexed.flat_map(|(index, host)| {
            let bindings = match &host.baseline {
                Baseline::Bindings { bindings, .. } => bindings.as_slice(),
                Baseline::NotRequested | Baseline::Missing(_) => &[],
            };
            bindings.iter().map(move |it| ((index, it.key()), it))
        });
        Self {
            hosts,
            inventory,
            report,
            before: before.collect(),
        }
    }

    /// The fix of a finding, if commands can fix it.
    #[must_use]
    pub fn of(&self, finding: &Finding) -> Option<Fix> {
        let place = &finding.place;
        let host = place.host.and_then(|index| self.hosts.get(index));
        match (&place.subject, host) {
            (Subject::Binding(binding), Some(host)) => self.of_record(finding, host, binding),
            (Subject::Site(site), Some(host)) => self.of_site(finding, host, site),
            (Subject::Export, Some(host)) => of_export(finding, host),
            (Subject::Certificate(hash), _) => {
                self.of_certificate_everywhere(finding.rule.id, hash)
            }
            (Subject::Name(_), _) => self.of_name(finding),
            _ => None,
        }
    }

    /// The replacement of a certificate wherever it is bound.
    pub(crate) fn of_certificate_everywhere(&self, rule: &str, old: &CertHash) -> Option<Fix> {
        let mut hosts = Vec::new();
        if self.hosts.iter().any(|host| host.store.is_some()) {
            let indexed = self.hosts.iter().enumerate();
            let uses = |host: &HostExport| {
                let mut bindings = host.reading.export.bindings.iter();
                bindings.any(|it| it.record().hash() == Some(old))
            };
            hosts.extend(indexed.filter(|(_, host)| uses(host)).map(|(at, _)| at));
        }
        self.of_certificate(rule, old, &hosts)
    }

    /// The replacement of a certificate on these hosts.
    fn of_certificate(&self, rule: &str, old: &CertHash, hosts: &[usize]) -> Option<Fix> {
        let config = &self.report.config;
        let new = match rule {
            "CB101" | "CB102" => certificates::successor(old, self.inventory, config),
            "CB103" => Some(certificates::predecessor(old, self.inventory, config.now)?),
            "CB104" | "CB105" | "CB106" | "CB112" | "CB113" => {
                certificates::replacement(old, self.inventory, config)
            }
            _ => return None,
        };
        let hosts = hosts.iter().filter_map(|index| self.hosts.get(*index));
        let stores: BTreeSet<_> = hosts.map(|host| host.store.as_deref()).collect();
        let stores = match stores.len() {
            1..=MAX_STORES => stores,
            _ => BTreeSet::from([None]),
        };
        let old = old.to_string();
        // The first digits are enough for a person to see which certificate it replaces.
        let file = new_file(old.get(..8)?)?;
        let commands = stores.into_iter().map(|store| match &new {
            Some(new) => command(store, "rotate", [&old, &new.to_string()]),
            None => command(store, "rotate", ["--old", &old, "--cert", &file]),
        });
        let condition = match (rule, new) {
            ("CB103", _) => Some("the clients cannot wait until then".to_owned()),
            (_, Some(_)) => None,
            (_, None) => Some(format!("{file} is its new certificate")),
        };
        let condition = condition.as_deref();
        fix(condition, commands)
    }

    /// A host name with two certificates: the newer one replaces the other.
    fn of_name(&self, finding: &Finding) -> Option<Fix> {
        let related = &finding.related;
        let bindings = related.places.iter().filter_map(|it| match &it.subject {
            Subject::Binding(binding) => binding.record().hash(),
            _ => None,
        });
        let hashes: BTreeSet<_> = bindings.collect();
        let [a, b] = hashes.into_iter().collect::<Vec<_>>()[..] else {
            return None;
        };
        let now = self.report.config.now;
        let (old, new) = certificates::older_and_newer([a, b], self.inventory, now)?;
        let rotate = command(None, "rotate", [&old.to_string(), &new.to_string()]);
        fix(None, [rotate])
    }
}

/// The export of a host, taken again.
fn of_export(finding: &Finding, host: &HostExport) -> Option<Fix> {
    if !["CB025", "CB027", "CB206"].contains(&finding.rule.id) || host.store.is_some() {
        return None;
    }
    let file = shell::line([format!("{}.txt", host.name)])?;
    let is_name = !host
        .name
        .contains(['/', '\\', ':', '<', '>', '|', '?', '*']);
    let again = is_name.then(|| format!("netsh http show sslcert >{file}"));
    fix(None, [again])
}

/// `certbind --store URL COMMAND WORDS`.
fn command<W: AsRef<str>>(
    store: Option<&str>,
    command: &str,
    words: impl IntoIterator<Item = W>,
) -> Option<String> {
    let words: Vec<_> = words.into_iter().collect();
    let store = store.into_iter().flat_map(|url| ["--store", url]);
    let start = ["certbind"].into_iter().chain(store).chain([command]);
    shell::line(start.chain(words.iter().map(AsRef::as_ref)))
}

/// A fix, if every command of it can be written.
fn fix(condition: Option<&str>, commands: impl IntoIterator<Item = Option<String>>) -> Option<Fix> {
    let commands: Vec<_> = commands.into_iter().collect::<Option<_>>()?;
    (!commands.is_empty()).then(|| Fix {
        condition: condition.map(str::to_owned),
        commands,
    })
}

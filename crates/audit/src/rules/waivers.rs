//! Finding the waiver of a finding.

use std::collections::HashMap;

use certbind_core::{BindingKey, CertHash};

use crate::config::Config;
use crate::finding::{Finding, Subject};
use crate::report::HostSummary;
use crate::waiver::{Scope, Waiver};

/// The waivers of a configuration, and those that were used.
pub(crate) struct Waivers<'a> {
    pub(crate) config: &'a Config,
    hosts: &'a [HostSummary],
    by_scope: HashMap<(&'static str, Target<'a>), Vec<usize>>,
    used: Vec<bool>,
}

#[derive(PartialEq, Eq, Hash)]
enum Target<'a> {
    Key(&'a BindingKey),
    Certificate(&'a CertHash),
    Name(&'a str),
}

impl<'a> Waivers<'a> {
    pub(crate) fn new(config: &'a Config, hosts: &'a [HostSummary]) -> Self {
        let mut by_scope: HashMap<_, Vec<_>> = HashMap::new();
        for (index, waiver) in config.waivers.iter().enumerate() {
            let target = match &waiver.scope {
                Scope::Key(key) => Target::Key(key),
                Scope::Certificate(hash) => Target::Certificate(hash),
                Scope::Name(name) => Target::Name(name),
            };
            let of_scope = by_scope.entry((waiver.rule, target)).or_default();
            of_scope.push(index);
        }
        Self {
            config,
            hosts,
            by_scope,
            used: vec![false; config.waivers.len()],
        }
    }

    /// The waiver that covers a finding and has not ended.
    pub(crate) fn waiver_of(&mut self, finding: &Finding) -> Option<&'a Waiver> {
        if self.by_scope.is_empty() {
            return None;
        }
        let host = finding.place.host.and_then(|index| self.hosts.get(index));
        let host = host.map(|host| host.name.as_str());
        let mut covering = None;
        for target in targets(&finding.place.subject).into_iter().flatten() {
            for index in find(&self.by_scope, finding.rule.id, target) {
                let waiver = &self.config.waivers[*index];
                if waiver.host.is_none() || waiver.host.as_deref() == host {
                    self.used[*index] = true;
                    if !waiver.is_expired(self.config.now) {
                        covering = covering.or(Some(waiver));
                    }
                }
            }
        }
        covering
    }

    /// The waivers, each with whether there is something that it waives.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a Waiver, bool)> {
        self.config.waivers.iter().zip(self.used.iter().copied())
    }
}

/// The targets by which a waiver can cover a finding about this subject. For a binding they include
/// its certificate and its host name.
fn targets(subject: &Subject) -> [Option<Target<'_>>; 3] {
    match subject {
        Subject::Binding(binding) => [
            Some(Target::Key(binding.key())),
            binding.record().hash().map(Target::Certificate),
            binding.key().host().map(|host| Target::Name(host.as_str())),
        ],
        Subject::Certificate(hash) => [Some(Target::Certificate(hash)), None, None],
        Subject::Name(name) => [Some(Target::Name(name)), None, None],
        _ => [None, None, None],
    }
}

/// The waivers of a rule and a target. The target lives as long as the finding, and the searched
/// waivers as long as the configuration: in a separate function both can have the shorter lifetime.
fn find<'f>(
    by_scope: &'f HashMap<(&'static str, Target<'f>), Vec<usize>>,
    rule: &'static str,
    target: Target<'f>,
) -> &'f [usize] {
    by_scope.get(&(rule, target)).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use crate::rules::harness::bound;
    use crate::{Config, HostExport, Inventory, audit};

    fn waived(scope: &str) -> usize {
        let bindings = [
            "hostnameport=www.contoso.com:443",
            "hostnameport=*.contoso.com:8443",
            "0.0.0.0:443",
        ];
        let nameless = |key: &str| {
            bound(key, |record| {
                record.certificate.as_mut().unwrap().store_name = None;
            })
        };
        let host = HostExport::of_bindings("web-01", bindings.map(nameless).into());
        let waiver = format!(
            "[[waivers]]\nrule = \"CB005\"\n{scope}\nreason = \"known\"\nuntil = 2026-12-31\n"
        );
        let config = Config::parse(&waiver, "2026-06-01T00:00:00Z".parse().unwrap()).unwrap();
        let report = audit(&[host], &Inventory::none(), &config);
        let is_of_rule = |finding: &&crate::Finding| finding.rule.id == "CB005";
        let left = report.findings.iter().filter(is_of_rule).count();
        assert_eq!(left + report.waived.len(), 3);
        report.waived.len()
    }

    #[test]
    fn waiver_matches_by_certificate_or_name() {
        assert_eq!(waived("key = \"0.0.0.0:443\""), 1);
        assert_eq!(waived(&format!("certificate = \"{}\"", "01".repeat(20))), 3);
        assert_eq!(waived(&format!("certificate = \"{}\"", "02".repeat(20))), 0);
        assert_eq!(waived("name = \"WWW.contoso.com\""), 1);
        assert_eq!(waived("name = \"contoso.com\""), 0);
    }
}

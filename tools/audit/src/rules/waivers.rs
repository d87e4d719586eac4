//! Finding the waiver of a finding.

use std::collections::HashMap;

use store_core::{BindingKey, CertHash};

use crate::config::Config;
use crate::finding::{Finding, Subject};
use crate::report::HostSummary;
use crate::waiver::{Scope, Waiver};

/// The waivers of a configuration, and which of them found what they waive.
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
        let target = match &finding.place.subject {
            Subject::Binding(binding) => Target::Key(binding.key()),
            Subject::Certificate(hash) => Target::Certificate(hash),
            Subject::Name(name) => Target::Name(name),
            _ => return None,
        };
        let host = finding.place.host.and_then(|index| self.hosts.get(index));
        let host = host.map(|host| host.name.as_str());
        let mut covering = None;
        for index in find(&self.by_scope, finding.rule.id, target) {
            let waiver = &self.config.waivers[*index];
            if waiver.host.is_none() || waiver.host.as_deref() == host {
                self.used[*index] = true;
                if !waiver.is_expired(self.config.now) {
                    covering = covering.or(Some(waiver));
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

/// The waivers of a rule and a target. The target lives as long as the finding, and what is looked
/// through as long as the configuration: a function of its own lets both be the shorter one.
fn find<'f>(
    by_scope: &'f HashMap<(&'static str, Target<'f>), Vec<usize>>,
    rule: &'static str,
    target: Target<'f>,
) -> &'f [usize] {
    by_scope.get(&(rule, target)).map_or(&[], Vec::as_slice)
}

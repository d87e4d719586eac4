//! Warnings of bindings that are shadowed by others.

use std::collections::BTreeMap;

use certbind_core::{BindingKey, Port};
use certbind_resolve::Step as Lookup;

use crate::plan::Step;
use crate::warning::Warning;

/// The relevant keys at one port, each with whether the plan changes its binding.
#[derive(Default)]
struct AtPort {
    addresses: Vec<(BindingKey, bool)>,
    named: Vec<(BindingKey, bool)>,
}

/// A binding of one address hides those of host names and of the central store on connections to it
/// ([`Lookup`] has the order and its sources). A warning is given if the plan creates either of the two.
pub(crate) fn shadows(steps: &[Step], untouched: &[BindingKey]) -> Vec<Warning> {
    let bound = steps
        .iter()
        .filter(|step| step.new_value().is_some())
        .map(|step| (step.key(), step.expected().is_none()));
    let mut ports: BTreeMap<Port, AtPort> = BTreeMap::new();
    for (key, new) in bound.chain(untouched.iter().map(|key| (key, false))) {
        let at = ports.entry(key.port()).or_default();
        let keys = match Lookup::of(key) {
            Lookup::AnyIpv6 | Lookup::AnyIpv4 => continue,
            Lookup::Address => &mut at.addresses,
            _ => &mut at.named,
        };
        keys.push((key.clone(), new));
    }
    let mut warnings = Vec::new();
    for at in ports.into_values() {
        // Bindings that were hidden before are no news.
        let (new, old): (Vec<_>, Vec<_>) = at.addresses.into_iter().partition(|(_, new)| *new);
        let all = || at.named.iter().map(|(key, _)| key.clone()).collect();
        let only_new = at.named.iter().filter(|(_, new)| *new);
        let only_new: Vec<_> = only_new.map(|(key, _)| key.clone()).collect();
        for (by, keys) in [(new, all()), (old, only_new)] {
            if !by.is_empty() && !keys.is_empty() {
                let by = by.into_iter().map(|(key, _)| key).collect();
                warnings.push(Warning::Shadowed { by, keys });
            }
        }
    }
    warnings
}

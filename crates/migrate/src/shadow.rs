//! Which bindings will not be looked at, since others come first.

use std::collections::BTreeMap;

use certbind_core::{BindingKey, Port};

use crate::plan::Step;
use crate::warning::Warning;

/// The keys at one port that matter here, each with whether the plan binds it anew.
#[derive(Default)]
struct AtPort {
    addresses: Vec<(BindingKey, bool)>,
    named: Vec<(BindingKey, bool)>,
}

/// HTTP.sys looks for the exact address and port first, then for the host name of the handshake,
/// then for the port of the central certificate store, and for a wildcard address last (a table
/// for troubleshooting AD FS that reads like Microsoft's own; that scoped keys of the central
/// certificate store stand with the host names is inferred). So a binding of one address hides
/// those of host names and of the central store on connections to it. Told where the plan makes
/// either of the two.
pub(crate) fn shadows(steps: &[Step], untouched: &[BindingKey]) -> Vec<Warning> {
    let bound = steps
        .iter()
        .filter(|step| step.new_value().is_some())
        .map(|step| (step.key(), step.saw().is_none()));
    let mut ports: BTreeMap<Port, AtPort> = BTreeMap::new();
    for (key, new) in bound.chain(untouched.iter().map(|key| (key, false))) {
        let at = ports.entry(key.port()).or_default();
        let keys = match key {
            BindingKey::IpPort(endpoint) if endpoint.ip().is_unspecified() => continue,
            BindingKey::IpPort(_) => &mut at.addresses,
            BindingKey::Sni(_) | BindingKey::Ccs(_) | BindingKey::ScopedCcs(_) => &mut at.named,
        };
        keys.push((key.clone(), new));
    }
    let mut warnings = Vec::new();
    for at in ports.into_values() {
        // What was hidden before is hidden still, and nothing to look at now.
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

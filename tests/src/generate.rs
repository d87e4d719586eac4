//! Generated bindings: of the kinds that a store has, with the options that it takes.
//!
//! The strategies are created once and drawn from often. Those of `certbind_core::strategy` that
//! choose a record by its key are created for each key, and take ten times as long.

use certbind_core::strategy::{few_keys, host_port, ip_port, port, record};
use certbind_core::{Binding, BindingKey, Capabilities, Kind};
use proptest::prelude::*;
use proptest::strategy::Union;

use crate::erased::fitted;

/// Keys and bindings of a store with certain capabilities.
#[derive(Clone)]
pub(crate) struct Generator {
    pub(crate) key: BoxedStrategy<BindingKey>,
    pub(crate) binding: BoxedStrategy<Binding>,
}

/// A few keys, so that operations conflict.
pub(crate) fn few(capabilities: &Capabilities) -> Generator {
    generator(capabilities, |kind| few_keys(&[kind]).boxed())
}

/// Any keys, including unusual ones.
pub(crate) fn any_of(capabilities: &Capabilities) -> Generator {
    generator(capabilities, |kind| match kind {
        Kind::IpPort => ip_port().prop_map(BindingKey::IpPort).boxed(),
        Kind::Sni => host_port().prop_map(BindingKey::Sni).boxed(),
        Kind::Ccs => port().prop_map(BindingKey::Ccs).boxed(),
        Kind::ScopedCcs => host_port().prop_map(BindingKey::ScopedCcs).boxed(),
    })
}

impl Generator {
    /// From either.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            key: prop_oneof![self.key, other.key].boxed(),
            binding: prop_oneof![self.binding, other.binding].boxed(),
        }
    }
}

fn generator(
    capabilities: &Capabilities,
    keys: fn(Kind) -> BoxedStrategy<BindingKey>,
) -> Generator {
    let kinds = capabilities.kinds.iter();
    let binding = |kind| binding(kind, keys(kind), capabilities.clone());
    Generator {
        key: Union::new(kinds.clone().map(|kind| keys(*kind))).boxed(),
        binding: Union::new(kinds.map(|kind| binding(*kind))).boxed(),
    }
}

/// A binding of one of these keys, some with a host name spelled in capitals.
fn binding(
    kind: Kind,
    keys: BoxedStrategy<BindingKey>,
    capabilities: Capabilities,
) -> BoxedStrategy<Binding> {
    let spelled = move |(key, record, capitals): (BindingKey, _, bool)| {
        let capitals = capitals.then(|| key.host().map(|h| h.as_str().to_ascii_uppercase()));
        let binding = Binding::new(key, record).expect("a record of that kind");
        let binding = fitted(binding, &capabilities);
        match capitals.flatten() {
            Some(host) => binding.with_host_spelling(&host).expect("the same host"),
            None => binding,
        }
    };
    (keys, record(kind), any::<bool>())
        .prop_map(spelled)
        .boxed()
}

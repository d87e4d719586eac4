//! The bindings at one port of a host.

use certbind_core::BindingKey;
use certbind_resolve::Step;

use crate::host_binding::HostBinding;

/// The bindings at one port, by the stages at which HTTP.sys considers them.
#[derive(Default)]
pub(crate) struct AtPort<'a> {
    /// Of single addresses.
    pub(crate) addresses: Vec<HostBinding<'a>>,
    /// Of host names, in the key or in the central store.
    pub(crate) named: Vec<HostBinding<'a>>,
    /// Of the central store.
    pub(crate) central: Option<HostBinding<'a>>,
    /// Of `0.0.0.0`.
    pub(crate) any_v4: Option<HostBinding<'a>>,
    /// Of `[::]`.
    pub(crate) any_v6: Option<HostBinding<'a>>,
}

impl<'a> AtPort<'a> {
    pub(crate) fn add(&mut self, bound: HostBinding<'a>) {
        match Step::of(bound.binding.key()) {
            Step::Address => self.addresses.push(bound),
            Step::HostName
            | Step::WildcardHostName
            | Step::ScopedCentralStore
            | Step::WildcardScopedCentralStore => self.named.push(bound),
            Step::CentralStore => self.central = Some(bound),
            Step::AnyIpv6 => self.any_v6 = Some(bound),
            Step::AnyIpv4 => self.any_v4 = Some(bound),
        }
    }

    /// The bindings of host names and of the central store.
    pub(crate) fn by_name(&self) -> impl Iterator<Item = &HostBinding<'a>> {
        self.named.iter().chain(&self.central)
    }

    /// The bindings of single addresses of one version of IP.
    pub(crate) fn addresses_of(&self, version_6: bool) -> impl Iterator<Item = &HostBinding<'a>> {
        self.addresses.iter().filter(move |bound| {
            matches!(bound.binding.key(), BindingKey::IpPort(endpoint) if endpoint.ip().is_ipv6() == version_6)
        })
    }
}

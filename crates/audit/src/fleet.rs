//! All that is audited, arranged so that no rule has to search.

use std::collections::BTreeMap;

use certbind_core::{Binding, BindingKey, Port};

use crate::config::Config;
use crate::finding::{FindingLocation, Subject};
use crate::host_binding::HostBinding;
use crate::host_export::{Baseline, HostExport};
use crate::inventory::{Inventory, InventoryCertificate};
use crate::ports::AtPort;
use crate::uses::Uses;

/// The hosts, and the other data of the audit.
pub(crate) struct Fleet<'a> {
    pub(crate) hosts: Vec<Host<'a>>,
    pub(crate) inventory: &'a Inventory,
    pub(crate) config: &'a Config,
    /// Where each certificate is bound.
    pub(crate) uses: Uses<'a>,
}

/// One host.
pub(crate) struct Host<'a> {
    pub(crate) index: usize,
    pub(crate) export: &'a HostExport,
    /// In canonical order.
    pub(crate) bindings: Vec<HostBinding<'a>>,
    pub(crate) ports: BTreeMap<Port, AtPort<'a>>,
}

impl<'a> Fleet<'a> {
    pub(crate) fn new(
        exports: &'a [HostExport],
        inventory: &'a Inventory,
        config: &'a Config,
    ) -> Self {
        let hosts: Vec<_> = exports
            .iter()
            .enumerate()
            .map(|(index, export)| Host::new(index, export))
            .collect();
        Self {
            uses: Uses::of(hosts.iter().flat_map(|host| &host.bindings).copied()),
            hosts,
            inventory,
            config,
        }
    }

    /// The certificate of a binding, where it is known.
    pub(crate) fn certificate(&self, binding: &Binding) -> Option<&'a InventoryCertificate> {
        self.inventory.get(binding.record().hash()?)
    }
}

impl<'a> Host<'a> {
    fn new(index: usize, export: &'a HostExport) -> Self {
        let lines = &export.reading.lines;
        let bindings = export.reading.export.bindings.iter().enumerate();
        let mut bindings: Vec<_> = bindings
            .map(|(at, binding)| HostBinding {
                binding,
                host: index,
                line: lines.get(at).copied(),
                registry: export.reading.registry.get(binding.key()),
            })
            .collect();
        bindings.sort_by(|a, b| a.binding.key().cmp(b.binding.key()));
        let mut ports: BTreeMap<Port, AtPort<'a>> = BTreeMap::new();
        for bound in &bindings {
            let port = bound.binding.key().port();
            ports.entry(port).or_default().add(*bound);
        }
        Self {
            index,
            export,
            bindings,
            ports,
        }
    }

    /// The bindings of the host at the time of the baseline, if there is one.
    pub(crate) fn before(&self) -> Option<BTreeMap<&'a BindingKey, &'a Binding>> {
        let Baseline::Bindings { bindings, .. } = &self.export.baseline else {
            return None;
        };
        if self.export.not_assessed.is_some() {
            return None;
        }
        Some(bindings.iter().map(|it| (it.key(), it)).collect())
    }

    /// A place in this host that is not a binding.
    pub(crate) fn place(&self, subject: Subject, line: Option<u64>) -> FindingLocation {
        FindingLocation {
            host: Some(self.index),
            subject,
            line,
            registry: None,
        }
    }
}

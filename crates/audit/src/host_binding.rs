//! A binding of one of the audited hosts.

use certbind_core::Binding;
use certbind_formats::RegistryLocation;

use crate::finding::{FindingLocation, Subject};

/// A binding with its host and place.
#[derive(Clone, Copy)]
pub(crate) struct HostBinding<'a> {
    pub(crate) binding: &'a Binding,
    pub(crate) host: usize,
    pub(crate) line: Option<u64>,
    pub(crate) registry: Option<&'a RegistryLocation>,
}

impl HostBinding<'_> {
    pub(crate) fn place(&self) -> FindingLocation {
        FindingLocation {
            host: Some(self.host),
            subject: Subject::Binding(self.binding.clone()),
            line: self.line,
            registry: None,
        }
        .in_registry(self.registry)
    }
}

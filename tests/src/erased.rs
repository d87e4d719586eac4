//! Fixtures without their type, so that each check is compiled once, and reads that must succeed.

use certbind_core::{
    Binding, BindingStore, Capabilities, ExtendedProperties, Kind, Record, Result, Scan,
};

use crate::calls::Watched;
use crate::fixture::Fixture;

/// Creates fixtures of one type.
#[derive(Clone, Copy)]
pub(crate) struct Fixtures {
    create: fn() -> Box<dyn DynFixture>,
    pub(crate) name: fn() -> &'static str,
    pub(crate) persist_failures: bool,
    max_keys: usize,
}

impl Fixtures {
    pub(crate) fn of<F: Fixture>() -> Self {
        Self {
            create: || Box::new(F::new()),
            name: std::any::type_name::<F>,
            persist_failures: F::PERSIST_FAILURES,
            max_keys: F::MAX_KEYS,
        }
    }

    pub(crate) fn create(self) -> Box<dyn DynFixture> {
        (self.create)()
    }

    pub(crate) fn capabilities(self) -> Capabilities {
        let fixture = self.create();
        let store = fixture.open();
        store.capabilities()
    }

    /// The most keys of a check: limited by the fixture and by the store.
    pub(crate) fn max_keys(self, capabilities: &Capabilities) -> usize {
        let tested = capabilities.tested_keys.map_or(usize::MAX, usize::from);
        self.max_keys.min(tested)
    }

    /// The most changes of one batch: the limit of the store, and at most half of the keys.
    pub(crate) fn max_batch(self, capabilities: &Capabilities) -> usize {
        let most = (self.max_keys(capabilities) / 2).max(1);
        capabilities
            .max_batch
            .map_or(most, |limit| limit.get().min(most))
    }
}

/// A [`Fixture`] without its type.
pub(crate) trait DynFixture: Send + Sync {
    fn try_open(&self) -> Result<Box<dyn BindingStore>>;

    /// Opens the store, which must succeed.
    fn open(&self) -> Box<dyn BindingStore> {
        self.try_open()
            .unwrap_or_else(|error| panic!("the store does not open: {error}"))
    }

    fn address(&self) -> Option<String>;
}

impl<F: Fixture> DynFixture for F {
    fn try_open(&self) -> Result<Box<dyn BindingStore>> {
        let store = Fixture::open(self)?;
        Ok(Box::new(Watched::new(Box::new(store))))
    }

    fn address(&self) -> Option<String> {
        Fixture::address(self)
    }
}

/// Every binding of a store, in the order of its scan.
pub(crate) fn all_bindings(store: &dyn BindingStore) -> Vec<Binding> {
    scan_all(store, &Scan::all())
}

/// The bindings that a scan returns.
pub(crate) fn scan_all(store: &dyn BindingStore, scan: &Scan) -> Vec<Binding> {
    let scanned = store.scan(scan).and_then(Iterator::collect);
    scanned.unwrap_or_else(|error| panic!("a scan failed: {error}"))
}

/// Removes the parts of a binding that a store with these capabilities refuses.
pub(crate) fn fitted(binding: Binding, capabilities: &Capabilities) -> Binding {
    let mut record = binding.record().clone();
    if !capabilities.extended_properties {
        record.extended = ExtendedProperties::default();
    }
    if binding.key().kind() == Kind::Ccs && !capabilities.ccs_options {
        let extended = record.extended;
        record = Record::central(record.app_id);
        record.extended = extended;
    }
    binding.with_record(record).expect("the same kind")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use certbind_core::MemoryStore;

    use super::*;
    use crate::fixture::Ephemeral;

    #[test]
    fn capabilities_limit_the_sizes() {
        let fixtures = Fixtures::of::<Ephemeral<MemoryStore>>();
        let sizes = |capabilities: Capabilities| {
            let batch = fixtures.max_batch(&capabilities);
            (fixtures.max_keys(&capabilities), batch)
        };
        let full = Capabilities::full();
        assert_eq!(sizes(full.clone()), (10_000, 5_000));
        let tested = full.clone().with_tested_keys(NonZeroUsize::new(700));
        assert_eq!(sizes(tested), (700, 350));
        let limited = full.with_max_batch(NonZeroUsize::new(128));
        assert_eq!(sizes(limited), (10_000, 128));
    }
}

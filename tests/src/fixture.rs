//! What a backend's author says of a store.

use std::marker::PhantomData;

use certbind_core::{
    Binding, BindingStore, Capabilities, ExtendedProperties, Kind, Record, Result, Scan,
};

/// A place where a store lives, and how the store is opened there: a file in a folder of its own,
/// a server that was started for it, a simulated host.
///
/// What the place holds is dropped with it, after the stores that were opened in it.
pub trait Fixture: Sized + Send + Sync + 'static {
    /// The store.
    type Store: BindingStore;

    /// Whether a failing case is made as small as can be and its seed kept. Of a store that is
    /// wrong on purpose nobody wants either.
    const PERSIST_FAILURES: bool = true;

    /// Whether the store can be tested on this machine, for stores that need a server or a right.
    /// Where it is false every test of the suite passes at once, so report why it was skipped.
    fn is_available() -> bool {
        true
    }

    /// A new place with an empty store in it. A store that cannot be written may hold something,
    /// the same in every new place.
    fn new() -> Self;

    /// Opens the store of this place. One that calls itself durable is opened again, after it was
    /// dropped, and has to hold what it held; any other is opened once.
    fn open(&self) -> Self::Store;
}

/// A [`Fixture`] for stores that live no longer than their value.
///
/// ```
/// certbind_conformance::suite!(memory, certbind_conformance::Ephemeral<certbind_core::MemoryStore>);
/// ```
#[derive(Debug)]
pub struct Ephemeral<S>(PhantomData<fn() -> S>);

impl<S: BindingStore + Default + 'static> Fixture for Ephemeral<S> {
    type Store = S;

    fn new() -> Self {
        Self(PhantomData)
    }

    fn open(&self) -> S {
        S::default()
    }
}

/// A [`Fixture`] whose type is forgotten, so that every check is compiled once.
#[derive(Clone, Copy)]
pub(crate) struct Fixtures {
    create: fn() -> Box<dyn DynFixture>,
    pub(crate) name: fn() -> &'static str,
    pub(crate) persist_failures: bool,
}

impl Fixtures {
    pub(crate) fn of<F: Fixture>() -> Self {
        Self {
            create: || Box::new(F::new()),
            name: std::any::type_name::<F>,
            persist_failures: F::PERSIST_FAILURES,
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
}

pub(crate) trait DynFixture: Send + Sync {
    fn open(&self) -> Box<dyn BindingStore>;
}

impl<F: Fixture> DynFixture for F {
    fn open(&self) -> Box<dyn BindingStore> {
        Box::new(Fixture::open(self))
    }
}

/// Everything that a store holds, in the order of its scan.
pub(crate) fn all_bindings(store: &dyn BindingStore) -> Vec<Binding> {
    scan_all(store, &Scan::all())
}

/// What a scan finds.
pub(crate) fn scan_all(store: &dyn BindingStore, scan: &Scan) -> Vec<Binding> {
    let begun = store.scan(scan).expect("a scan begins");
    begun
        .collect::<Result<_>>()
        .expect("a scan goes on to its end")
}

/// The binding as a store with these capabilities can hold it.
pub(crate) fn fitted(binding: Binding, capabilities: &Capabilities) -> Binding {
    let mut record = binding.record().clone();
    if !capabilities.extended_properties {
        record.extended = ExtendedProperties::default();
    }
    if binding.key().kind() == Kind::Ccs && !capabilities.ccs_options {
        record = Record::central(record.app_id).with_extended(record.extended);
    }
    binding.with_record(record).expect("the same kind")
}

//! What a backend's author says of a store.

use store_core::{Binding, BindingStore, Capabilities, Kind, Record, Result, Scan};

/// A place where a store lives, empty when it is new, and how the store is opened.
pub trait Subject: Sized + Send + Sync + 'static {
    /// The store.
    type Store: BindingStore;

    /// Whether a failing case is made as small as can be and its seed kept. Of a store that is
    /// wrong on purpose nobody wants either.
    const KEEPS_FAILURES: bool = true;

    /// A new place with an empty store in it. It outlives the stores that are opened in it.
    fn new() -> Self;

    /// Opens the store of this place. A store that calls itself durable is opened again, after it
    /// was dropped, and has to hold what it held.
    fn open(&self) -> Self::Store;
}

/// Everything that a store holds, in the order of its scan.
pub(crate) fn everything(store: &dyn BindingStore) -> Vec<Binding> {
    let scan = store.scan(&Scan::all()).expect("a scan begins");
    scan.collect::<Result<_>>()
        .expect("a scan goes on to its end")
}

/// The binding as a store with these capabilities can hold it.
pub(crate) fn fitted(binding: Binding, capabilities: &Capabilities) -> Binding {
    if binding.key().kind() == Kind::Ccs && !capabilities.ccs_options {
        let plain = Record::central(binding.record().app_id);
        return binding
            .with_record(plain)
            .expect("a record of the central store");
    }
    binding
}

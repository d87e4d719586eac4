//! Fixtures: how the suite creates, opens and shares the stores that it tests.

use std::marker::PhantomData;
use std::time::Duration;

use certbind_core::{BindingStore, Result, StoreError};

/// An empty store for one test, and how it is opened: a file in a folder of its own, a server, a
/// simulated host.
///
/// The storage is removed when the fixture is dropped, after the stores that were opened in it.
pub trait Fixture: Sized + Send + Sync + 'static {
    /// The store under test.
    type Store: BindingStore + 'static;

    /// Whether a failing case is shrunk and its seed kept in `proptest-regressions/`.
    const PERSIST_FAILURES: bool = true;

    /// The maximum number of keys that a check creates, where the store's capability `tested_keys`
    /// does not set a lower one. The checks of large stores need thousands; lower it for an
    /// environment with an operation of milliseconds. The largest batch is half of it.
    const MAX_KEYS: usize = 10_000;

    /// The time limit of one check. A check that is not finished by then fails.
    const TIME_LIMIT: Duration = Duration::from_secs(60);

    /// Whether the process that calls the store writes and syncs its files. The client of a server
    /// has nothing to sync.
    const SYNCS_FILES: bool = true;

    /// Whether the store can be tested on this machine, for stores that need a server or a right.
    /// If it returns false every test of the suite passes at once, so report that it was skipped.
    fn is_available() -> bool {
        true
    }

    /// Creates the storage of an empty store. A read-only store may contain bindings, the same in
    /// each fixture.
    fn new() -> Self;

    /// Opens the store. A durable store is opened again after it was dropped, and a second time
    /// while it is open; any other store is opened once.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if the store is open and cannot be opened twice.
    fn open(&self) -> Result<Self::Store>;

    /// An address by which another process opens the same store with [`open_at`](Self::open_at), such
    /// as a path. The suite kills that process to check durability.
    fn address(&self) -> Option<String> {
        None
    }

    /// Opens the store at the [`address`](Self::address) of a fixture in another process.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn open_at(address: &str) -> Result<Self::Store> {
        Err(StoreError::Unsupported {
            what: format!("opening {address} in a second process").into(),
        })
    }
}

/// A [`Fixture`] for stores that live as long as their value.
///
/// ```
/// use certbind_conformance::Ephemeral;
/// use certbind_core::MemoryStore;
///
/// certbind_conformance::suite!(
///     memory,
///     Ephemeral<MemoryStore>,
///     durability_not_checked = "the store ends with its value"
/// );
/// ```
#[derive(Debug)]
pub struct Ephemeral<S>(PhantomData<fn() -> S>);

impl<S: BindingStore + Default + 'static> Fixture for Ephemeral<S> {
    type Store = S;

    fn new() -> Self {
        Self(PhantomData)
    }

    fn open(&self) -> Result<S> {
        Ok(S::default())
    }
}

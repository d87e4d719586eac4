//! The suite on a host that is not the tests' own: on ports from 50001, under application ids of
//! their own, with two certificates of the host, and without other changes.
//!
//! It runs over the simulator everywhere, and with the feature `real-httpsys`, on Windows, over
//! HTTP.sys.

mod names;
#[cfg(all(windows, feature = "real-httpsys"))]
mod real;
mod simulated;
mod store;

use std::sync::Arc;
use std::thread;

use certbind_conformance::Fixture;
use certbind_core::{Binding, BindingStore, CertHash, Result, Scan};

use names::{Names, is_a_guests};
use store::Guest;

/// A host that others use as well.
trait Host: Fixture {
    /// Certificates in the machine's store `MY` there.
    fn certificates(&self) -> [CertHash; 2];
}

/// A guest's place on a host. The bindings of the guest are removed with it.
struct Visit<H: Host> {
    names: Arc<Names>,
    host: H,
}

impl<H: Host> Fixture for Visit<H> {
    type Store = Guest<H::Store>;

    /// Each key is translated by a search.
    const MAX_KEYS: usize = 400;

    fn new() -> Self {
        let host = H::new();
        let store = host.open().expect("the host opens");
        // One that was killed may have left something.
        leave(&store).expect("a host that can be changed");
        let others = everything(&store).expect("a scan");
        let taken = others.iter().map(|binding| binding.key().port().get());
        let names = Names::new(host.certificates(), &taken.collect());
        Self {
            names: Arc::new(names),
            host,
        }
    }

    fn open(&self) -> Result<Self::Store> {
        let store = self.host.open()?;
        Ok(Guest::new(store, Arc::clone(&self.names)))
    }
}

impl<H: Host> Drop for Visit<H> {
    fn drop(&mut self) {
        let left = self.host.open().and_then(|store| leave(&store));
        if !thread::panicking() {
            left.expect("what a guest put there can be removed");
        }
    }
}

fn everything(store: &impl BindingStore) -> Result<Vec<Binding>> {
    store.scan(&Scan::all())?.collect()
}

/// Removes the bindings of guests, and nothing else.
fn leave(store: &impl BindingStore) -> Result<()> {
    for binding in everything(store)?.iter().filter(|b| is_a_guests(b)) {
        store.remove(binding.key())?;
    }
    Ok(())
}

//! Where a store guarantees less, exactly that is checked: each store here keeps its guarantees,
//! and as little more as possible, and passes.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use certbind_conformance::Fixture;
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, CertHash, Change,
    Kind, MemoryStore, Precondition, Record, Result, Scan, StoreError, Uuid,
};

/// A store that does no more than it guarantees.
struct Lesser {
    inner: MemoryStore,
    capabilities: Capabilities,
    /// Writers take turns, for any readers.
    writer: Mutex<()>,
}

impl Lesser {
    fn unsupported(what: &'static str) -> StoreError {
        StoreError::Unsupported { what: what.into() }
    }

    fn check_kind(&self, key: &BindingKey) -> Result<()> {
        match self.capabilities.kinds.contains(&key.kind()) {
            true => Ok(()),
            false => Err(StoreError::unsupported_kind(key.kind())),
        }
    }

    fn check(&self, batch: &Batch) -> Result<()> {
        if !self.capabilities.writable {
            return Err(StoreError::ReadOnly);
        }
        let most = self.capabilities.max_batch;
        if most.is_some_and(|most| batch.len() > most.get()) {
            return Err(Self::unsupported("a batch this large"));
        }
        for change in batch.changes() {
            self.check_kind(change.key())?;
            let Some(binding) = change.new_value() else {
                continue;
            };
            let record = binding.record();
            if !record.extended.is_empty() && !self.capabilities.extended_properties {
                return Err(StoreError::unsupported_extended(change.key()));
            }
            let options = change.key().kind() == Kind::Ccs && record.has_options();
            if options && !self.capabilities.ccs_options {
                return Err(Self::unsupported("an option of a plain CCS binding"));
            }
        }
        Ok(())
    }

    /// One change after the other, visible to all. A failed batch is undone, also visible to all.
    fn apply_in_steps(&self, batch: &Batch) -> Result<Applied> {
        let checked = batch.check(|key| self.inner.get(key));
        let mut undo = Vec::new();
        for change in batch.changes() {
            let blind = Change::new(
                change.key().clone(),
                Precondition::Any,
                change.new_value().cloned(),
            )?;
            undo.push(self.inner.apply(&blind.into())?.inverse());
            thread::sleep(Duration::from_micros(20));
        }
        if checked.is_err() {
            for step in undo.iter().rev() {
                self.inner.apply(step)?;
            }
        }
        checked
    }

    /// Searches one binding after the other.
    fn scan_in_steps(&self, scan: &Scan) -> Bindings<'_> {
        let mut rest = scan.clone();
        Bindings::new(std::iter::from_fn(move || {
            thread::sleep(Duration::from_micros(20));
            let next = self.inner.scan(&rest).ok()?.next()?;
            if let Ok(binding) = &next {
                rest = rest.clone().after(binding.key().clone());
            }
            Some(next)
        }))
    }
}

impl BindingStore for Lesser {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.check_kind(key)?;
        self.inner.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        match self.capabilities.point_in_time_scan {
            true => self.inner.scan(scan),
            false => Ok(self.scan_in_steps(scan)),
        }
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        self.check(batch)?;
        let _turn = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match self.capabilities.isolated_batch || batch.len() < 2 {
            true => self.inner.apply(batch),
            false => self.apply_in_steps(batch),
        }
    }
}

macro_rules! lesser {
    ($($(#[$doc:meta])* $suite:ident, $fixture:ident: |$promised:ident| $less:block)*) => {$(
        $(#[$doc])*
        struct $fixture;

        impl Fixture for $fixture {
            type Store = Lesser;

            fn new() -> Self {
                Self
            }

            fn open(&self) -> Result<Lesser> {
                let inner = MemoryStore::new();
                let mut $promised = inner.capabilities();
                $less
                if !$promised.writable {
                    hold_something(&inner);
                }
                Ok(Lesser { inner, capabilities: $promised, writer: Mutex::new(()) })
            }
        }

        certbind_conformance::suite!(
            $suite,
            $fixture,
            durability_not_checked = "the store is in memory"
        );
    )*};
}

lesser! {
    read_only, ReadOnly: |promised| {
        promised.writable = false;
    }

    addresses_alone, AddressesAlone: |promised| {
        promised.kinds = vec![Kind::IpPort];
    }

    the_central_store_alone, TheCentralStoreAlone: |promised| {
        promised.kinds = vec![Kind::Ccs, Kind::ScopedCcs];
        promised.ccs_options = false;
    }

    no_extended_properties, NoExtendedProperties: |promised| {
        promised.extended_properties = false;
    }

    one_change_at_a_time, OneChangeAtATime: |promised| {
        promised.max_batch = Some(NonZeroUsize::MIN);
    }

    three_changes_at_a_time, ThreeChangesAtATime: |promised| {
        promised.max_batch = NonZeroUsize::new(3);
    }

    scans_of_many_instants, ScansOfManyInstants: |promised| {
        promised.point_in_time_scan = false;
    }

    batches_in_sight, BatchesInSight: |promised| {
        promised.isolated_batch = false;
    }

    least_of_all, LeastOfAll: |promised| {
        promised.kinds = vec![Kind::Sni, Kind::Ccs];
        promised.ccs_options = false;
        promised.extended_properties = false;
        promised.point_in_time_scan = false;
        promised.isolated_batch = false;
        promised.max_batch = NonZeroUsize::new(2);
    }
}

/// Fills a read-only store at its creation.
fn hold_something(store: &MemoryStore) {
    let keys = [
        "0.0.0.0:443",
        "10.0.0.9:443",
        "10.0.0.10:443",
        "[::]:8443",
        "hostnameport=a.example:443",
        "hostnameport=b.example:80",
        "ccs=443",
        "scopedccs=*.example:443",
    ];
    for (text, n) in keys.into_iter().zip(1..) {
        let key: BindingKey = text.parse().expect("a key");
        let record = match key.kind().names_certificate() {
            true => Record::new(CertHash::new([1; 20]), None, Uuid::from_u128(n)),
            false => Record::central(Uuid::from_u128(n)),
        };
        let binding = Binding::new(key, record).expect("a record of its kind");
        store.insert(binding).expect("it was empty");
    }
}

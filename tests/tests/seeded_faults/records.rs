//! Stores that store other values than the given ones.

use std::net::{IpAddr, SocketAddr};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Change, CtlIdentifier, ExtendedProperties,
    IpPort, MemoryStore, Precondition, Property, Record, Result, SslFlags, StoreName,
};

use crate::seeded::{Fault, all, batch, put_back};

/// The same batch of other bindings.
fn bent(of: &Batch, bend: impl Fn(&Binding) -> Binding) -> Batch {
    batch(of.changes().iter().map(|change| {
        let becomes = change.new_value().map(&bend);
        let expect = match change.precondition() {
            Precondition::Exactly(binding) => Precondition::Exactly(Box::new(bend(binding))),
            other => other.clone(),
        };
        Change::new(change.key().clone(), expect, becomes).expect("one key")
    }))
}

fn with_record(binding: &Binding, change: impl FnOnce(&mut Record)) -> Binding {
    let mut record = binding.record().clone();
    change(&mut record);
    binding.clone().with_record(record).expect("the same kind")
}

fn store_name(record: &mut Record) -> Option<&mut Option<StoreName>> {
    let certificate = record.certificate.as_mut();
    certificate.map(|certificate| &mut certificate.store_name)
}

macro_rules! bends {
    ($($(#[$doc:meta])* $name:ident: |$record:ident| $change:block)*) => {$(
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name;

        impl Fault for $name {
            fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
                store.apply(&bent(batch, |binding| with_record(binding, |$record| $change)))
            }
        }
    )*};
}

bends! {
    FoldsUnknownFlags: |record| {
        record.flags = SslFlags::from_bits_retain(record.flags.bits() & 0xffff);
    }

    TakesNoStoreNameForMy: |record| {
        if let Some(name @ None) = store_name(record) {
            *name = Some(StoreName::new("MY").expect("a name"));
        }
    }

    LowersStoreNames: |record| {
        if let Some(Some(name)) = store_name(record) {
            *name = StoreName::new(&name.as_str().to_ascii_lowercase()).expect("a name");
        }
    }

    TrimsNames: |record| {
        if let Some(name) = &mut record.ctl_store_name {
            *name = StoreName::new(name.as_str().trim()).unwrap_or_else(|_| name.clone());
        }
    }

    CutsLongIdentifiers: |record| {
        if let Some(identifier) = &mut record.ctl_identifier {
            let short: String = identifier.as_str().chars().take(16_384).collect();
            *identifier = CtlIdentifier::new(&short).expect("an identifier");
        }
    }

    DropsFlagsOfProperties: |record| {
        let plain = record.extended.iter().map(|set| Property::from(set.value.clone()));
        record.extended = ExtendedProperties::new(plain.collect::<Vec<_>>()).expect("each once");
    }

    SwapsTheTimes: |record| {
        std::mem::swap(
            &mut record.revocation_freshness_time,
            &mut record.url_retrieval_timeout,
        );
    }
}

#[derive(Default)]
pub(crate) struct DropsTheHostSpelling;

impl Fault for DropsTheHostSpelling {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&bent(batch, |binding| {
            Binding::new(binding.key().clone(), binding.record().clone()).expect("the same kind")
        }))
    }
}

/// The batch with other addresses, as far as they stay different.
fn at_other_addresses(of: &Batch, address: impl Fn(SocketAddr) -> SocketAddr) -> Batch {
    let at = |key: &BindingKey| match key {
        BindingKey::IpPort(endpoint) => {
            BindingKey::IpPort(IpPort::new(address(endpoint.addr())).expect("a port"))
        }
        other => other.clone(),
    };
    let moved = |binding: &Binding| match binding.key() {
        BindingKey::IpPort(_) => {
            Binding::new(at(binding.key()), binding.record().clone()).expect("the same kind")
        }
        _ => binding.clone(),
    };
    let mut seen = std::collections::HashSet::new();
    let changes = of.changes().iter().map(|change| {
        let expect = match change.precondition() {
            Precondition::Exactly(binding) => Precondition::Exactly(Box::new(moved(binding))),
            other => other.clone(),
        };
        let becomes = change.new_value().map(moved);
        Change::new(at(change.key()), expect, becomes).expect("one key")
    });
    batch(changes.filter(|change| seen.insert(change.key().clone())))
}

#[derive(Default)]
pub(crate) struct FoldsScopes;

impl Fault for FoldsScopes {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&at_other_addresses(batch, |addr| {
            SocketAddr::new(addr.ip(), addr.port())
        }))
    }
}

/// Takes `::ffff:10.0.0.1` for `10.0.0.1`.
#[derive(Default)]
pub(crate) struct FoldsMappedAddresses;

impl Fault for FoldsMappedAddresses {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        store.apply(&at_other_addresses(batch, |addr| match addr.ip() {
            IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => {
                SocketAddr::new(addr.ip().to_canonical(), addr.port())
            }
            _ => addr,
        }))
    }
}

/// Keeps every bit until it is opened again.
#[derive(Default)]
pub(crate) struct FoldsFlagsWhenReopened;

impl Fault for FoldsFlagsWhenReopened {
    fn opened(&self, store: &MemoryStore) {
        let folded = |binding: &Binding| {
            with_record(binding, |record| {
                record.flags = SslFlags::from_bits_retain(record.flags.bits() & 0xffff);
            })
        };
        put_back(store, &all(store).iter().map(folded).collect::<Vec<_>>());
    }
}

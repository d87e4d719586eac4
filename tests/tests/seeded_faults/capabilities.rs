//! Stores that differ from their capabilities.

use std::num::NonZeroUsize;

use certbind_core::{
    Applied, Batch, BindingStore, Capabilities, Kind, MemoryStore, Result, StoreError,
};

use crate::seeded::Fault;

macro_rules! claims {
    ($($(#[$doc:meta])* $name:ident: |$capabilities:ident| $change:block)*) => {$(
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name;

        impl Fault for $name {
            fn capabilities() -> Capabilities {
                let mut $capabilities = Capabilities::full();
                $change
                $capabilities
            }
        }
    )*};
}

claims! {
    TakesMoreThanItsLimit: |capabilities| {
        capabilities.max_batch = NonZeroUsize::new(4);
    }

    IsWrittenThoughReadOnly: |capabilities| {
        capabilities.writable = false;
    }

    HasAKindThatItDenies: |capabilities| {
        capabilities.kinds.retain(|kind| *kind != Kind::Ccs);
    }

    HasOptionsThatItDenies: |capabilities| {
        capabilities.ccs_options = false;
    }

    HasPropertiesThatItDenies: |capabilities| {
        capabilities.extended_properties = false;
    }
}

#[derive(Default)]
pub(crate) struct LacksAKindThatItClaims;

impl Fault for LacksAKindThatItClaims {
    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let kinds = batch.changes().iter().map(|change| change.key().kind());
        match kinds.into_iter().find(|kind| *kind == Kind::ScopedCcs) {
            Some(kind) => Err(StoreError::unsupported_kind(kind)),
            None => store.apply(batch),
        }
    }
}

/// Returns no binding for a kind that it lacks, instead of an error.
#[derive(Default)]
pub(crate) struct GetsNothingOfAKindThatItLacks;

impl Fault for GetsNothingOfAKindThatItLacks {
    fn capabilities() -> Capabilities {
        HasAKindThatItDenies::capabilities()
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        let kinds = batch.changes().iter().map(|change| change.key().kind());
        match kinds.into_iter().find(|kind| *kind == Kind::Ccs) {
            Some(kind) => Err(StoreError::unsupported_kind(kind)),
            None => store.apply(batch),
        }
    }
}

/// Accepts one change less than its declared limit.
#[derive(Default)]
pub(crate) struct TakesLessThanItsLimit;

impl Fault for TakesLessThanItsLimit {
    fn capabilities() -> Capabilities {
        TakesMoreThanItsLimit::capabilities()
    }

    fn apply(&self, store: &MemoryStore, batch: &Batch) -> Result<Applied> {
        if batch.len() >= 4 {
            return Err(StoreError::Unsupported {
                what: "a batch of more than 3 changes".into(),
            });
        }
        store.apply(batch)
    }
}

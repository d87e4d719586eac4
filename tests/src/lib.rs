//! What a store of bindings promises, as tests that any backend can run.
//!
//! Say where a store of yours lives and how it is opened, and add the suite with one call:
//!
//! ```
//! use certbind_conformance::Fixture;
//! use certbind_core::MemoryStore;
//!
//! /// A folder of its own, or a server that was started for it: here there is nothing to keep.
//! struct InMemory;
//!
//! impl Fixture for InMemory {
//!     type Store = MemoryStore;
//!
//!     fn new() -> Self {
//!         Self
//!     }
//!
//!     fn open(&self) -> MemoryStore {
//!         MemoryStore::new()
//!     }
//! }
//!
//! certbind_conformance::suite!(in_memory, InMemory);
//! # certbind_conformance::errors_change_nothing::<InMemory>();
//! ```
//!
//! For a store that ends with its value, `certbind_conformance::suite!(in_memory, Ephemeral<MemoryStore>)`
//! says the same. A store that calls itself durable is dropped and opened again between steps, so
//! its place has to outlive it.
//!
//! The suite has a test for each promise of [`BindingStore`](certbind_core::BindingStore), and one
//! that drives all of them at once:
//!
//! | test | promise |
//! |---|---|
//! | [`keys_are_unique`] | 1. unique |
//! | [`batches_are_atomic`] | 2. atomic |
//! | [`acknowledged_changes_survive_reopening`] | 3. durable |
//! | [`operations_are_linearizable`] | 4. linearizable |
//! | [`scans_are_ordered`], [`scans_are_stable`] | 5. ordered, stable scan |
//! | [`every_field_round_trips`] | 6. faithful |
//! | [`errors_change_nothing`] | 7. errors change nothing, and say what was found |
//! | [`capabilities_are_accurate`] | what a store says it cannot do, it refuses |
//! | [`sequences_follow_the_model`] | all of these, for one caller |
//!
//! Every check honours what the store's [`Capabilities`](certbind_core::Capabilities) promise: where
//! that is less, exactly that less is checked. The model that stores are compared with is written
//! apart from all_bindings in `store-core` that backends share, the order of keys included, so that a
//! defect there is found too.
//!
//! `CERTBIND_CASES=N` runs N times as many cases. What fails is printed, made as small as can be,
//! and its seed kept in `proptest-regressions/` of the crate that runs the suite, in a file for each
//! subject and check; it is tried first from then on, so commit it.

mod atomicity;
mod capabilities;
mod cases;
mod concurrent;
mod errors;
mod fields;
mod fixture;
mod generate;
mod history;
mod linearizability;
mod model;
mod operation;
mod order;
mod regular;
mod reopening;
mod round_trip;
mod sample;
mod scans;
mod state_machine;
mod uniqueness;

pub use atomicity::batches_are_atomic;
pub use capabilities::capabilities_are_accurate;
pub use concurrent::operations_are_linearizable;
pub use errors::errors_change_nothing;
pub use fixture::{Ephemeral, Fixture};
pub use reopening::acknowledged_changes_survive_reopening;
pub use round_trip::every_field_round_trips;
pub use scans::{scans_are_ordered, scans_are_stable};
pub use state_machine::sequences_follow_the_model;
pub use uniqueness::keys_are_unique;

/// Adds the suite for a [`Fixture`]: a module with one test for each promise.
#[macro_export]
macro_rules! suite {
    ($name:ident, $fixture:ty) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[test]
            fn sequences_follow_the_model() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::sequences_follow_the_model::<$fixture>();
                }
            }

            #[test]
            fn keys_are_unique() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::keys_are_unique::<$fixture>();
                }
            }

            #[test]
            fn batches_are_atomic() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::batches_are_atomic::<$fixture>();
                }
            }

            #[test]
            fn acknowledged_changes_survive_reopening() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::acknowledged_changes_survive_reopening::<$fixture>();
                }
            }

            #[test]
            fn operations_are_linearizable() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::operations_are_linearizable::<$fixture>();
                }
            }

            #[test]
            fn scans_are_ordered() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::scans_are_ordered::<$fixture>();
                }
            }

            #[test]
            fn scans_are_stable() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::scans_are_stable::<$fixture>();
                }
            }

            #[test]
            fn every_field_round_trips() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::every_field_round_trips::<$fixture>();
                }
            }

            #[test]
            fn errors_change_nothing() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::errors_change_nothing::<$fixture>();
                }
            }

            #[test]
            fn capabilities_are_accurate() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::capabilities_are_accurate::<$fixture>();
                }
            }
        }
    };
}

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

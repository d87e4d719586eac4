//! Tests of every guarantee of a store of bindings, for any implementation of [`BindingStore`].
//!
//! A [`Fixture`] creates and opens stores, and one call adds the suite:
//!
//! ```
//! use certbind_conformance::Fixture;
//! use certbind_core::{MemoryStore, Result};
//!
//! /// For a real store: a folder that is removed when the fixture is dropped.
//! struct InMemory;
//!
//! impl Fixture for InMemory {
//!     type Store = MemoryStore;
//!
//!     fn new() -> Self {
//!         Self
//!     }
//!
//!     fn open(&self) -> Result<MemoryStore> {
//!         Ok(MemoryStore::new())
//!     }
//! }
//!
//! certbind_conformance::suite!(
//!     in_memory,
//!     InMemory,
//!     durability_not_checked = "the store ends with its value"
//! );
//! # certbind_conformance::errors_change_nothing::<InMemory>();
//! ```
//!
//! [`Ephemeral`] is such a fixture for every store that is dropped with its value.
//!
//! # Checks
//!
//! | test | guarantee |
//! |---|---|
//! | [`keys_are_unique`] | 1. unique keys |
//! | [`batches_are_atomic`], [`large_batches_follow_the_model`], [`bulk_load_sources_may_read_and_panic`] | 2. atomic batches |
//! | [`acknowledged_changes_survive_reopening`], [`acknowledged_changes_survive_a_kill`], [`acknowledged_changes_are_synced`] | 3. durability |
//! | [`operations_are_linearizable`], [`revisions_grow`], [`second_handles_share_the_store`] | 4. linearizability |
//! | [`scans_are_ordered`], [`scans_are_stable`], [`scans_show_the_instant_of_their_start`] | 5. ordered, stable scans |
//! | [`every_field_round_trips`] | 6. round trip |
//! | [`errors_change_nothing`] | 7. errors change nothing, and name the key and the value found |
//! | [`capabilities_are_accurate`] | the store refuses the operations that its capabilities exclude, and performs all others |
//! | [`sequences_follow_the_model`] | all of these, for one caller |
//!
//! Each check respects the store's [`Capabilities`](certbind_core::Capabilities): where they declare
//! less, exactly that is checked. The model that a store is compared with is independent of the code
//! that backends share, the order of keys included, so that a fault there is found too.
//!
//! # Failures
//!
//! A failure names the violated guarantee, and lists the fields in which the result differs from
//! the expected one. Random cases are shrunk, and their seeds kept in `proptest-regressions/` of
//! the crate that runs the suite, in a file for each fixture and check. Commit these files: their
//! cases are run first from then on. `CERTBIND_CASES=N` runs N times as many cases.
//!
//! A check that is not finished within [`Fixture::TIME_LIMIT`] fails, and names the calls that have not
//! returned.
//!
//! # Durability
//!
//! For a store that another process can open ([`Fixture::address`]), the suite starts the test binary
//! again, has that process change the store, kills it, and compares the content with the acknowledged
//! changes. On Linux it also counts syncs with `strace`. A store that no second process can open declares
//! `with_multi_process(false)`, and `suite!` takes the reason: the report then reads
//! `durability_not_checked ... ignored, …`. Capabilities and report have to agree: the reason is refused
//! if the store declares that it is durable, writable and open to a second process, and a suite without
//! a reason fails if the store declares less.
//!
//! # Limits
//!
//! The suite does not cut the power and does not break the disk: sync counting finds a missing sync,
//! not one in the wrong order. Test that on a model of your medium.
//!
//! # Features
//! `real-httpsys`: the tests of this crate also run over the HTTP.sys of this machine (Windows).
//!
//! [`BindingStore`]: certbind_core::BindingStore

mod atomicity;
mod calls;
mod capabilities;
mod cases;
mod concurrent;
mod erased;
mod errors;
mod fields;
mod fixture;
mod generate;
mod guarantee;
mod handles;
mod history;
mod kill;
mod large;
mod linearizability;
mod loads;
mod model;
mod operation;
mod order;
mod point_in_time;
mod redeclared;
mod regular;
mod reopening;
mod revisions;
mod round_trip;
mod sample;
mod scans;
mod state_machine;
mod syncs;
mod uniqueness;
mod watch;
mod workload;

pub use atomicity::batches_are_atomic;
pub use capabilities::capabilities_are_accurate;
pub use concurrent::operations_are_linearizable;
pub use errors::errors_change_nothing;
pub use fixture::{Ephemeral, Fixture};
pub use handles::second_handles_share_the_store;
pub use kill::{acknowledged_changes_survive_a_kill, unchecked_durability_is_declared};
pub use large::large_batches_follow_the_model;
pub use loads::bulk_load_sources_may_read_and_panic;
pub use point_in_time::scans_show_the_instant_of_their_start;
pub use redeclared::Redeclared;
pub use reopening::acknowledged_changes_survive_reopening;
pub use revisions::revisions_grow;
pub use round_trip::every_field_round_trips;
pub use scans::{scans_are_ordered, scans_are_stable};
pub use state_machine::sequences_follow_the_model;
pub use syncs::acknowledged_changes_are_synced;
pub use uniqueness::keys_are_unique;

/// Adds the suite for a [`Fixture`]: a module with a test for each check.
///
/// The store's durability is checked by killing processes that change it. A store for which that is
/// impossible gives the reason, and the test is reported as ignored with it:
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
#[macro_export]
macro_rules! suite {
    ($name:ident, $fixture:ty $(,)?) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $crate::__checks!($fixture);

            #[test]
            fn acknowledged_changes_survive_a_kill() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::acknowledged_changes_survive_a_kill::<$fixture>(concat!(
                        module_path!(),
                        "::acknowledged_changes_survive_a_kill"
                    ));
                }
            }

            #[test]
            fn acknowledged_changes_are_synced() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::acknowledged_changes_are_synced::<$fixture>(concat!(
                        module_path!(),
                        "::acknowledged_changes_are_synced"
                    ));
                }
            }
        }
    };
    ($name:ident, $fixture:ty, durability_not_checked = $reason:literal $(,)?) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $crate::__checks!($fixture);

            #[test]
            fn unchecked_durability_is_declared() {
                if <$fixture as $crate::Fixture>::is_available() {
                    $crate::unchecked_durability_is_declared::<$fixture>();
                }
            }

            #[test]
            #[ignore = $reason]
            fn durability_not_checked() {
                panic!("durability not checked: {}", $reason);
            }
        }
    };
}

/// The tests of [`suite!`] that need no second process.
#[doc(hidden)]
#[macro_export]
macro_rules! __checks {
    ($fixture:ty) => {
        $crate::__checks! {
            $fixture:
            sequences_follow_the_model
            keys_are_unique
            batches_are_atomic
            acknowledged_changes_survive_reopening
            operations_are_linearizable
            scans_are_ordered
            scans_are_stable
            scans_show_the_instant_of_their_start
            every_field_round_trips
            errors_change_nothing
            capabilities_are_accurate
            large_batches_follow_the_model
            bulk_load_sources_may_read_and_panic
            revisions_grow
            second_handles_share_the_store
        }
    };
    ($fixture:ty: $($check:ident)*) => {$(
        #[test]
        fn $check() {
            if <$fixture as $crate::Fixture>::is_available() {
                $crate::$check::<$fixture>();
            }
        }
    )*};
}

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! What a store of bindings promises, as tests that any backend can run.
//!
//! Say where a store of yours lives and how it is opened, and add the suite with one call:
//!
//! ```
//! use certbind_conformance::Subject;
//! use certbind_core::MemoryStore;
//!
//! /// A folder of its own, or a server that was started for it: here there is nothing to keep.
//! struct InMemory;
//!
//! impl Subject for InMemory {
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
//! | [`acknowledged_changes_are_kept`] | 3. durable |
//! | [`operations_are_linearizable`] | 4. linearizable |
//! | [`scans_are_ordered`], [`scans_are_stable`] | 5. ordered, stable scan |
//! | [`every_field_is_kept`] | 6. faithful |
//! | [`errors_change_nothing`] | 7. errors change nothing, and say what was found |
//! | [`capabilities_are_honest`] | what a store says it cannot do, it refuses |
//! | [`sequences_follow_the_model`] | all of these, for one caller |
//!
//! Every check honours what the store's [`Capabilities`](certbind_core::Capabilities) promise: where
//! that is less, exactly that less is checked. The model that stores are compared with is written
//! apart from everything in `store-core` that backends share, the order of keys included, so that a
//! defect there is found too.
//!
//! `CERTBIND_CASES=N` runs N times as many cases. What fails is printed, made as small as can be,
//! and its seed kept in `proptest-regressions/` of the crate that runs the suite, in a file for each
//! subject and check; it is tried first from then on, so commit it.

mod atomic;
mod cases;
mod concurrent;
mod draw;
mod durable;
mod errors;
mod faithful;
mod fields;
mod history;
mod honest;
mod linearizability;
mod machine;
mod model;
mod operation;
mod order;
mod regular;
mod sample;
mod scans;
mod subject;
mod unique;

pub use atomic::batches_are_atomic;
pub use concurrent::operations_are_linearizable;
pub use durable::acknowledged_changes_are_kept;
pub use errors::errors_change_nothing;
pub use faithful::every_field_is_kept;
pub use honest::capabilities_are_honest;
pub use machine::sequences_follow_the_model;
pub use scans::{scans_are_ordered, scans_are_stable};
pub use subject::{Ephemeral, Subject};
pub use unique::keys_are_unique;

/// Adds the suite for a [`Subject`]: a module with one test for each promise.
#[macro_export]
macro_rules! suite {
    ($name:ident, $subject:ty) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[test]
            fn sequences_follow_the_model() {
                $crate::sequences_follow_the_model::<$subject>();
            }

            #[test]
            fn keys_are_unique() {
                $crate::keys_are_unique::<$subject>();
            }

            #[test]
            fn batches_are_atomic() {
                $crate::batches_are_atomic::<$subject>();
            }

            #[test]
            fn acknowledged_changes_are_kept() {
                $crate::acknowledged_changes_are_kept::<$subject>();
            }

            #[test]
            fn operations_are_linearizable() {
                $crate::operations_are_linearizable::<$subject>();
            }

            #[test]
            fn scans_are_ordered() {
                $crate::scans_are_ordered::<$subject>();
            }

            #[test]
            fn scans_are_stable() {
                $crate::scans_are_stable::<$subject>();
            }

            #[test]
            fn every_field_is_kept() {
                $crate::every_field_is_kept::<$subject>();
            }

            #[test]
            fn errors_change_nothing() {
                $crate::errors_change_nothing::<$subject>();
            }

            #[test]
            fn capabilities_are_honest() {
                $crate::capabilities_are_honest::<$subject>();
            }
        }
    };
}

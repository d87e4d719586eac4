//! What a store of bindings promises, as tests that any backend can run.
//!
//! Say where a store of yours lives and how it is opened, and add the suite with one call:
//!
//! ```
//! use conformance::Subject;
//! use store_core::MemoryStore;
//!
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
//! conformance::suite!(in_memory, InMemory);
//! # conformance::scans::<InMemory>();
//! ```
//!
//! Every check honours what the store's [`Capabilities`](store_core::Capabilities) promise, and
//! checks exactly that. The model that stores are compared with is written apart from everything
//! in `store-core` that backends share, so that a defect there is found too.
//!
//! `CERTBIND_CASES=N` runs N times as many cases. What fails is printed, shrunk, and its seed kept
//! under `proptest-regressions/` of the crate that runs the suite, to be tried first from then on.

mod cases;
mod concurrent;
mod faithful;
mod honest;
pub mod linearizability;
mod model;
mod scans;
mod sequential;
mod subject;

pub use concurrent::{batches_are_atomic, keys_are_unique, operations_are_linearizable};
pub use faithful::every_field_is_kept;
pub use honest::capabilities_are_honest;
pub use scans::scans;
pub use sequential::sequences_follow_the_model;
pub use subject::Subject;

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
            fn operations_are_linearizable() {
                $crate::operations_are_linearizable::<$subject>();
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
            fn scans() {
                $crate::scans::<$subject>();
            }

            #[test]
            fn every_field_is_kept() {
                $crate::every_field_is_kept::<$subject>();
            }

            #[test]
            fn capabilities_are_honest() {
                $crate::capabilities_are_honest::<$subject>();
            }
        }
    };
}

//! The suite over the reference.

use conformance::Ephemeral;
use store_core::MemoryStore;

conformance::suite!(memory, Ephemeral<MemoryStore>);

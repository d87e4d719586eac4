//! The suite over the reference.

use certbind_conformance::Ephemeral;
use certbind_core::MemoryStore;

certbind_conformance::suite!(
    memory,
    Ephemeral<MemoryStore>,
    durability_not_checked = "the store ends with its value"
);

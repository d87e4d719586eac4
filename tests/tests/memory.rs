//! The suite over the reference.

use conformance::Subject;
use store_core::MemoryStore;

struct InMemory;

impl Subject for InMemory {
    type Store = MemoryStore;

    fn new() -> Self {
        Self
    }

    fn open(&self) -> MemoryStore {
        MemoryStore::new()
    }
}

conformance::suite!(memory, InMemory);

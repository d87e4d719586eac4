//! `memory:`: an empty store in memory.

use std::sync::Arc;

use certbind_core::{MemoryStore, MemoryTables, StoreError};

use crate::backend::{Access, StoreBackend};
use crate::open_store::OpenStore;

/// `memory:`: an empty store in memory.
#[derive(Clone, Copy, Debug)]
pub struct Memory;

impl StoreBackend for Memory {
    fn scheme(&self) -> &'static str {
        "memory"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[("memory:", "an empty store in memory, for experiments")]
    }

    fn check_address(&self, address: &str) -> Result<(), String> {
        match address.is_empty() {
            true => Ok(()),
            false => Err("expected memory: without an address".to_owned()),
        }
    }

    fn open(&self, _: &str, _: Access) -> Result<Option<OpenStore>, StoreError> {
        let store = OpenStore::new(Arc::new(MemoryStore::new()));
        Ok(Some(store.with_tables(Arc::new(MemoryTables::new()))))
    }

    fn may_be_named_by_plans(&self, _: &str) -> bool {
        true
    }
}

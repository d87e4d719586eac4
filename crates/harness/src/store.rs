//! The store of a harness, which programs under test use at the same time.

use std::time::{Duration, Instant};

use certbind_backends::{Access, OpenStore, Registry};
use certbind_core::StoreError;

use crate::config::STORE;
use crate::error::HarnessError;
use crate::harness::Harness;

/// How long to wait for a program that has the store open.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

impl Harness {
    /// Opens the store, once the programs that use it have finished a call.
    pub(crate) fn open_store(&self, access: Access) -> Result<OpenStore, HarnessError> {
        let registry = Registry::embedded();
        let (backend, address) = registry.parse(STORE).map_err(StoreError::unavailable)?;
        let address = backend.absolute(address, self.folder());
        let end = Instant::now() + OPEN_TIMEOUT;
        loop {
            match backend.open(&address, access) {
                Err(StoreError::InUse { .. }) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(Some(store)) => return Ok(store),
                Ok(None) => return Err(HarnessError::NoStore(backend.location(&address))),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

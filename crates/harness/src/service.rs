//! What a host is configured with beside bindings.

use std::sync::Arc;

use certbind_backends::Access;
use certbind_httpapi_abi::service::{ListenAddress, ServiceRecord, TimeoutKey, UrlReservation};
use certbind_simulator::ServiceConfig;

use crate::error::HarnessError;
use crate::harness::Harness;

impl Harness {
    /// The same with a URL reserved, for whom the security descriptor says: `D:(A;;GX;;;NS)` lets
    /// NETWORK SERVICE listen.
    ///
    /// # Errors
    /// [`HarnessError::Service`] for a URL or a descriptor that is none, and for a URL that is
    /// reserved.
    pub fn reserve(self, url: &str, sddl: &str) -> Result<Self, HarnessError> {
        let done = self.put_reservation(url, sddl);
        self.or_error(done)
    }

    fn put_reservation(&self, url: &str, sddl: &str) -> Result<(), HarnessError> {
        let record = ServiceRecord::Reservation(UrlReservation {
            url: url.parse().map_err(HarnessError::service)?,
            sddl: sddl.parse().map_err(HarnessError::service)?,
        });
        let config = self.service(Access::Change)?;
        config.set(&record).map_err(HarnessError::service)
    }

    /// The URLs that are reserved, and for whom.
    ///
    /// # Errors
    /// As [`bindings`](Self::bindings).
    pub fn url_reservations(&self) -> Result<Vec<UrlReservation>, HarnessError> {
        Ok(self.service(Access::Read)?.url_reservations()?)
    }

    /// The IP listen list, in the order in which the addresses were added.
    ///
    /// # Errors
    /// As [`bindings`](Self::bindings).
    pub fn listen_list(&self) -> Result<Vec<ListenAddress>, HarnessError> {
        Ok(self.service(Access::Read)?.listen_list()?)
    }

    /// A timeout of HTTP.sys, in seconds.
    ///
    /// # Errors
    /// As [`bindings`](Self::bindings).
    pub fn timeout(&self, key: TimeoutKey) -> Result<u16, HarnessError> {
        Ok(self.service(Access::Read)?.timeout(key)?)
    }

    fn service(&self, access: Access) -> Result<ServiceConfig, HarnessError> {
        let store = self.open_store(access)?;
        let tables = store.tables().ok_or(HarnessError::NoTables)?;
        Ok(ServiceConfig::new(Arc::clone(tables)))
    }
}

//! The service configuration of a host other than bindings.

use std::sync::Arc;

use certbind_backends::Access;
use certbind_httpapi_abi::service::{ListenAddress, ServiceRecord, TimeoutKey, UrlReservation};
use certbind_simulator::{Accounts, Registration, ServiceConfig, stock_reservations};

use crate::error::HarnessError;
use crate::harness::Harness;

impl Harness {
    /// Reserves a URL for the accounts of a security descriptor (SDDL): `D:(A;;GX;;;NS)` lets
    /// NETWORK SERVICE listen.
    ///
    /// # Errors
    /// [`HarnessError::Service`] for an invalid URL or descriptor, and for a URL that is reserved
    /// already.
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

    /// Reserves the URLs of a fresh installation of Windows
    /// ([`stock_reservations`](certbind_simulator::stock_reservations)).
    ///
    /// # Errors
    /// As [`bindings`](Self::bindings).
    pub fn stock(self) -> Result<Self, HarnessError> {
        let done = self.put_stock();
        self.or_error(done)
    }

    fn put_stock(&self) -> Result<(), HarnessError> {
        let stock = stock_reservations().into_iter();
        let records: Vec<_> = stock.map(ServiceRecord::Reservation).collect();
        Ok(self.service(Access::Change)?.seed(&records)?)
    }

    /// Adds an account, `DOMAIN\\name` or the name of an account of the machine, for `user=` of
    /// `netsh http add urlacl` and for [`run_as`](Self::run_as).
    ///
    /// # Errors
    /// [`HarnessError::Account`] for an invalid name or SID, and for a name that has another SID.
    pub fn account(mut self, name: &str, sid: &str) -> Result<Self, HarnessError> {
        self.config.accounts.insert(name.to_owned(), sid.to_owned());
        self.with_valid_accounts()
    }

    /// Sets the account that programs run as, which decides the URLs that they may register.
    /// Default: the user of the test.
    ///
    /// # Errors
    /// [`HarnessError::Account`] for an account that the host does not have.
    pub fn run_as(mut self, name: &str) -> Result<Self, HarnessError> {
        self.config.run_as = Some(name.to_owned());
        self.with_valid_accounts()
    }

    /// Sets the name of the machine, which is the domain of its accounts.
    ///
    /// # Errors
    /// [`HarnessError::Account`] for a name that no machine can have.
    pub fn machine(mut self, name: &str) -> Result<Self, HarnessError> {
        self.config.machine = Some(name.to_owned());
        self.with_valid_accounts()
    }

    fn with_valid_accounts(self) -> Result<Self, HarnessError> {
        let config = &self.config;
        let (machine, run_as) = (config.machine.as_deref(), config.run_as.as_deref());
        let made = Accounts::configured(machine, &config.accounts, run_as);
        self.or_error(made.map(drop).map_err(HarnessError::from))
    }

    /// The URLs that are reserved, and for whom.
    ///
    /// # Errors
    /// As [`bindings`](Self::bindings).
    pub fn url_reservations(&self) -> Result<Vec<UrlReservation>, HarnessError> {
        Ok(self.service(Access::Read)?.url_reservations()?)
    }

    /// The URLs that programs have registered to receive requests, in their order. Those of programs that have
    /// ended, or have removed them, are no longer active.
    ///
    /// # Errors
    /// As [`bindings`](Self::bindings).
    pub fn registrations(&self) -> Result<Vec<Registration>, HarnessError> {
        Ok(self.service(Access::Read)?.registrations()?)
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

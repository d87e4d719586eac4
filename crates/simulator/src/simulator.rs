//! The effects of the functions, after their arguments were decoded.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, CertHash, Kind,
    MemoryTables, Result, Scan, StoreError, StoreName, Tables,
};
use certbind_httpapi_abi::win32::{self, ToWin32};

use crate::accounts::Accounts;
use crate::certificates::{CertificateState, Certificates};
use crate::faults::{Action, Call, Faults};
use crate::history::History;
use crate::inventory::Inventory;
use crate::listing::Listings;
use crate::profile::Profile;
use crate::servers::Servers;
use crate::service::ServiceConfig;
use crate::windows::{self, Windows};

/// The rights of the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privilege {
    /// An account that may change bindings.
    #[default]
    Administrator,
    /// An account that may only read them: changes are answered 5.
    StandardUser,
}

/// A simulated HTTP Server API. Instances have nothing in common.
///
/// It is a [`BindingStore`] as well: changes through that reach the records without a call of the
/// API, like those of another program on the host.
pub struct Simulator {
    store: Arc<dyn BindingStore>,
    service: ServiceConfig,
    profile: Profile,
    pub(crate) inventory: Inventory,
    certificates: Mutex<Certificates>,
    pub(crate) privilege: Privilege,
    pub(crate) accounts: Accounts,
    /// The servers of this process.
    pub(crate) servers: Mutex<Servers>,
    listings: Listings,
    faults: Mutex<Faults>,
    windows: Windows,
    history: Mutex<History>,
    sleep: fn(Duration),
    /// How often it was initialized, for each combination of flags.
    pub(crate) initialized: Mutex<[u32; 4]>,
}

impl Simulator {
    /// An API over this store, of the default version of Windows, with every certificate present
    /// and an administrator as the caller. Other service configuration is kept in memory.
    pub fn new(store: Arc<dyn BindingStore>) -> Self {
        Self {
            store,
            service: ServiceConfig::new(Arc::new(MemoryTables::new())),
            profile: Profile::default(),
            inventory: Inventory::default(),
            certificates: Mutex::default(),
            privilege: Privilege::default(),
            accounts: Accounts::of_process(),
            servers: Mutex::default(),
            listings: Listings::default(),
            faults: Mutex::default(),
            windows: Windows::default(),
            history: Mutex::default(),
            sleep: std::thread::sleep,
            initialized: Mutex::default(),
        }
    }

    /// Sets the tables that store the other service configuration: URL reservations, timeouts and the like.
    #[must_use]
    pub fn tables(self, tables: Arc<dyn Tables>) -> Self {
        let service = ServiceConfig::new(tables);
        Self { service, ..self }
    }

    /// Sets the version of Windows.
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// Sets answers to open questions about Windows.
    #[must_use]
    pub fn answering(self, windows: Windows) -> Self {
        Self { windows, ..self }
    }

    /// Sets the function that waits in slow calls ([`delay`](Self::delay), and the option
    /// `call_time`). Default: [`std::thread::sleep`].
    #[must_use]
    pub fn sleeping(self, sleep: fn(Duration)) -> Self {
        Self { sleep, ..self }
    }

    /// Sets the certificates of the host.
    #[must_use]
    pub fn inventory(self, inventory: Inventory) -> Self {
        Self { inventory, ..self }
    }

    /// Sets the rights of the caller.
    #[must_use]
    pub fn privilege(self, privilege: Privilege) -> Self {
        Self { privilege, ..self }
    }

    /// Sets the accounts of the host, one of which is the caller. Default: those of this process.
    #[must_use]
    pub fn accounts(self, accounts: Accounts) -> Self {
        Self { accounts, ..self }
    }

    /// Sets the state of a certificate, which overrides the inventory from now on. Existing records
    /// that name it stay unchanged, as they do on Windows.
    pub fn certificate(&self, hash: CertHash, state: CertificateState) {
        self.certificates().put(hash, state);
    }

    /// From now on the machine has no certificate store of this name: a set or update of a record
    /// that names it is answered 1312. Records without a name have theirs in `MY`.
    pub fn without_store(&self, name: StoreName) {
        self.certificates().lose_store(name);
    }

    /// The service configuration other than bindings. Changes through this are made without a call
    /// of the API.
    #[must_use]
    pub fn service(&self) -> &ServiceConfig {
        &self.service
    }

    /// Has the `nth` such call from now on answer `code`, the next being the first, and do nothing.
    pub fn fail(&self, call: Call, nth: u64, code: u32) {
        self.faults().add(call, nth, Action::Answer(code));
    }

    /// Makes the `nth` such call from now on take this much longer.
    pub fn delay(&self, call: Call, nth: u64, delay: Duration) {
        self.faults().add(call, nth, Action::Wait(delay));
    }

    /// Runs `action` before the `nth` such call from now on: a record that changes between the two
    /// calls of a query is one that changes before the second.
    pub fn before(&self, call: Call, nth: u64, action: impl FnOnce() + Send + 'static) {
        self.faults().add(call, nth, Action::Run(Box::new(action)));
    }

    /// How often a function was called.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.faults().calls(call)
    }

    pub(crate) fn windows(&self) -> &Windows {
        &self.windows
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn version(&self) -> Profile {
        self.profile
    }

    /// Counts a call, and executes the faults for it.
    ///
    /// # Errors
    /// The code that the call is to answer.
    pub(crate) fn begin(&self, call: Call) -> Result<(), u32> {
        let actions = self.faults().count(call);
        if let Some(time) = windows::code(self.windows.call_time) {
            (self.sleep)(Duration::from_millis(time.into()));
        }
        let mut answer = match call {
            Call::Initialize => windows::code(self.windows.initialize).map_or(Ok(()), Err),
            call => self.refusal(call),
        };
        for action in actions {
            match action {
                Action::Answer(code) => answer = Err(code),
                Action::Wait(delay) => (self.sleep)(delay),
                Action::Run(action) => action(),
            }
        }
        answer
    }

    pub(crate) fn set(&self, binding: Binding) -> Result<(), u32> {
        self.may_change()?;
        options_allowed(&binding)?;
        if self.is_settling() {
            return Err(win32::ALREADY_EXISTS);
        }
        // HTTP.sys reports a bound key before it looks at the certificate.
        let key = self.stored_key(binding.key());
        let is_bound = self.store.get(&key).map_err(code)?.is_some();
        if is_bound && self.windows.set_bound != "0" {
            return Err(windows::code(self.windows.set_bound).unwrap_or(win32::ALREADY_EXISTS));
        }
        self.certificate_usable(&binding)?;
        if self.windows.set == "forgets" {
            return Ok(());
        }
        let binding = self.stored_form(&binding)?;
        let mut record = binding.record().clone();
        record.extended = self.take_left(binding.key());
        let binding = binding.with_record(record);
        let binding = binding.map_err(|_| win32::INVALID_PARAMETER)?;
        match is_bound {
            true => self.changing(|store| store.put(binding).map(drop))?,
            false => self.changing(|store| store.insert(binding))?,
        }
        self.done()
    }

    pub(crate) fn update(&self, binding: Binding) -> Result<(), u32> {
        self.may_change()?;
        options_allowed(&binding)?;
        let refusal = match binding.key().kind() {
            Kind::ScopedCcs => windows::code(self.windows.update_scoped_ccs),
            _ => None,
        };
        if let Some(code) = windows::code(self.windows.update_any).or(refusal) {
            return Err(code);
        }
        let binding = self.stored_form(&binding)?;
        if self.is_deleting(binding.key(), false) {
            return Err(win32::FILE_NOT_FOUND);
        }
        let is_bound = self.exact(binding.key()).is_ok();
        if !is_bound && self.windows.update == "upsert" {
            self.certificate_usable(&binding)?;
            self.changing(|store| store.insert(binding))?;
            return self.done();
        }
        self.exact(binding.key())?;
        self.certificate_usable(&binding)?;
        self.changing(|store| {
            replace(store, binding.key(), |found| {
                // The structure has no fields for extended properties, so it does not change them.
                let record = self.updated(found, &binding);
                Ok(binding.clone().with_record(record)?)
            })
        })?;
        self.done()
    }

    pub(crate) fn delete(&self, key: &BindingKey) -> Result<(), u32> {
        self.may_change()?;
        let key = self.stored_key(key);
        let Some(found) = self.store.get(&key).map_err(code)? else {
            return match self.windows.delete_unbound {
                "0" => Ok(()),
                answer => Err(windows::code(answer).unwrap_or(win32::FILE_NOT_FOUND)),
            };
        };
        if self.windows.delete == "keeps" || self.is_deleting(&key, true) {
            return Ok(());
        }
        self.changing(|store| store.remove(&key).map(drop))?;
        self.deleted(&found);
        self.done()
    }

    pub(crate) fn exact(&self, key: &BindingKey) -> Result<Binding, u32> {
        let key = self.stored_key(key);
        let found = self.store.get(&key).map_err(code)?;
        if self.windows.host_names == "exact-case" {
            let found = found.filter(|found| found.host_spelling().is_none());
            return found.ok_or(win32::FILE_NOT_FOUND);
        }
        found.ok_or(win32::FILE_NOT_FOUND)
    }

    pub(crate) fn at(&self, kind: Kind, index: u32) -> Result<Binding, u32> {
        self.enumerated(kind, index, |index| {
            let found = self.listings.at(&*self.store, kind, index).map_err(code)?;
            found.ok_or(win32::NO_MORE_ITEMS)
        })
    }

    pub(crate) fn store(&self) -> &dyn BindingStore {
        &*self.store
    }

    pub(crate) fn listings(&self) -> &Listings {
        &self.listings
    }

    pub(crate) fn may_change(&self) -> Result<(), u32> {
        match self.privilege {
            Privilege::Administrator => Ok(()),
            Privilege::StandardUser => Err(win32::ACCESS_DENIED),
        }
    }

    fn certificate_usable(&self, binding: &Binding) -> Result<(), u32> {
        let Some(certificate) = &binding.record().certificate else {
            return Ok(());
        };
        if self.is_new_certificate(&certificate.hash) {
            return Err(win32::INVALID_PARAMETER);
        }
        let usable = self.certificates().check(&self.inventory, certificate);
        usable.map_err(|code| match code {
            win32::NO_SUCH_LOGON_SESSION => {
                windows::code(self.windows.certificate_missing).unwrap_or(code)
            }
            code => code,
        })
    }

    pub(crate) fn changing(
        &self,
        change: impl FnOnce(&dyn BindingStore) -> Result<()>,
    ) -> Result<(), u32> {
        let _changing = self.listings.begin_change();
        change(&*self.store).map_err(code)
    }

    fn certificates(&self) -> MutexGuard<'_, Certificates> {
        self.certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces the binding of a key, retrying after concurrent changes.
///
/// # Errors
/// [`StoreError::NotFound`] if it is not bound.
pub(crate) fn replace(
    store: &dyn BindingStore,
    key: &BindingKey,
    change: impl Fn(&Binding) -> Result<Binding>,
) -> Result<()> {
    loop {
        let found = store.get(key)?;
        let found = found.ok_or_else(|| StoreError::NotFound { key: key.clone() })?;
        let changed = change(&found)?;
        match store.compare_and_swap(key, Some(found), Some(changed)) {
            Err(StoreError::Conflict { .. }) => {}
            done => return done.map(drop),
        }
    }
}

/// A plain CCS record takes no options.
fn options_allowed(binding: &Binding) -> Result<(), u32> {
    let plain = binding.key().kind() != Kind::Ccs || !binding.record().has_options();
    plain.then_some(()).ok_or(win32::INVALID_PARAMETER)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn code(error: StoreError) -> u32 {
    error.win32_code()
}

impl BindingStore for Simulator {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.store.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        self.store.scan(scan)
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let _changing = self.listings.begin_change();
        self.store.apply(batch)
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("profile", &self.profile)
            .field("privilege", &self.privilege)
            .finish_non_exhaustive()
    }
}

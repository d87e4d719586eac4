//! The configuration file.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use certbind_backends::Sharing;
use certbind_core::{Binding, BindingKey, BindingStore, CertHash, StoreName};
use certbind_httpapi_abi::service::ListenAddress;
use certbind_simulator::{
    Accounts, Call, CertificateState, Inventory, Privilege, Simulator, Windows,
};
use serde::Deserialize;

use crate::config_error::ConfigError;
use crate::confined;
use crate::seed::{self, Reservation, Text, Timeouts};
use crate::stores::open_confined;

/// A configuration file. Every field may be left out; `docs/simulator.md` has them all.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    store: Option<String>,
    #[serde(default)]
    shared: bool,
    profile: Option<String>,
    certificates: Option<PathBuf>,
    #[serde(default)]
    missing_stores: Vec<StoreName>,
    user: Option<User>,
    machine: Option<String>,
    run_as: Option<String>,
    /// SIDs by names.
    #[serde(default)]
    accounts: BTreeMap<String, String>,
    /// Whether the host has the URL reservations that Windows is installed with.
    #[serde(default)]
    stock: bool,
    trace: Option<PathBuf>,
    #[serde(default)]
    ip_listen: Vec<Text<ListenAddress>>,
    #[serde(default)]
    urlacl: Vec<Reservation>,
    #[serde(default)]
    timeout: Timeouts,
    /// Answers of Windows, by the names of `Windows::OPTIONS`; a number is a code.
    #[serde(default)]
    windows: BTreeMap<String, toml::Value>,
    #[serde(default)]
    certificate: Vec<Certificate>,
    #[serde(default)]
    fault: Vec<Fault>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum User {
    Administrator,
    Standard,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    hash: CertHash,
    state: State,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Usable,
    WithoutKey,
    Absent,
    Settling(u32),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    call: Function,
    nth: NonZeroU64,
    answer: Option<u32>,
    delay_ms: Option<u64>,
    delete: Option<BindingKey>,
    put: Option<Binding>,
    #[serde(default)]
    kill: bool,
    /// A file that is created when the fault takes effect, so that a test can check that it did.
    fired: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Function {
    Initialize,
    Set,
    Update,
    Delete,
    QueryExact,
    QueryNext,
}

impl ConfigFile {
    /// The file to which calls are recorded.
    ///
    /// # Errors
    /// [`ConfigError::Outside`].
    pub(crate) fn trace(&self, folder: &Path) -> Result<Option<PathBuf>, ConfigError> {
        let trace = self.trace.as_deref();
        trace.map(|trace| confined::path(folder, trace)).transpose()
    }

    /// The simulator that the file describes. Paths in it are relative to `folder`.
    pub(crate) fn simulator(self, folder: &Path) -> Result<Simulator, ConfigError> {
        let sharing = match self.shared {
            true => Sharing::Shared,
            false => Sharing::Exclusive,
        };
        let url = self.store.as_deref().unwrap_or("memory:");
        let kept = open_confined(url, folder, sharing)?;
        let store = kept.bindings;
        let mut simulator = Simulator::new(Arc::clone(&store))
            .tables(kept.tables)
            .privilege(match self.user {
                Some(User::Standard) => Privilege::StandardUser,
                Some(User::Administrator) | None => Privilege::Administrator,
            });
        let records = seed::records(self.stock, self.ip_listen, self.urlacl, &self.timeout);
        simulator.service().seed(&records)?;
        let (machine, run_as) = (self.machine.as_deref(), self.run_as.as_deref());
        simulator = simulator.accounts(Accounts::configured(machine, &self.accounts, run_as)?);
        let mut windows = Windows::default();
        for (name, value) in &self.windows {
            let value = match value {
                toml::Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            windows.set(name, &value)?;
        }
        simulator = simulator.answering(windows);
        if let Some(profile) = &self.profile {
            simulator = simulator.profile(profile.parse()?);
        }
        if let Some(certificates) = &self.certificates {
            simulator = simulator.inventory(Inventory::of_folder(&confined::named(
                folder,
                certificates,
            )?)?);
        }
        for Certificate { hash, state } in self.certificate {
            simulator.certificate(hash, state.into());
        }
        for name in self.missing_stores {
            simulator.without_store(name);
        }
        for (number, fault) in (1..).zip(self.fault) {
            if fault.is_none() {
                return Err(ConfigError::Fault(number));
            }
            fault.inject(&simulator, &store, folder)?;
        }
        Ok(simulator)
    }
}

impl Fault {
    fn is_none(&self) -> bool {
        let record = self.delete.is_some() || self.put.is_some();
        self.answer.is_none() && self.delay_ms.is_none() && !record && !self.kill
    }

    fn inject(
        self,
        simulator: &Simulator,
        store: &Arc<dyn BindingStore>,
        folder: &Path,
    ) -> Result<(), ConfigError> {
        let (call, nth) = (self.call.into(), self.nth.get());
        // First, since a fault that ends the process does nothing after it.
        if let Some(fired) = self.fired {
            let fired = confined::path(folder, &fired)?;
            simulator.before(call, nth, move || drop(std::fs::write(fired, "")));
        }
        if let Some(code) = self.answer {
            simulator.fail(call, nth, code);
        }
        if let Some(delay) = self.delay_ms {
            simulator.delay(call, nth, Duration::from_millis(delay));
        }
        // A failure of the other program's change is ignored.
        if let Some(key) = self.delete {
            let store = Arc::clone(store);
            simulator.before(call, nth, move || drop(store.remove(&key)));
        }
        if let Some(binding) = self.put {
            let store = Arc::clone(store);
            simulator.before(call, nth, move || drop(store.put(binding)));
        }
        if self.kill {
            simulator.before(call, nth, || std::process::abort());
        }
        Ok(())
    }
}

impl From<State> for CertificateState {
    fn from(state: State) -> Self {
        match state {
            State::Usable => Self::Usable,
            State::WithoutKey => Self::WithoutKey,
            State::Absent => Self::Absent,
            State::Settling(attempts) => Self::Settling { attempts },
        }
    }
}

impl From<Function> for Call {
    fn from(function: Function) -> Self {
        match function {
            Function::Initialize => Self::Initialize,
            Function::Set => Self::Set,
            Function::Update => Self::Update,
            Function::Delete => Self::Delete,
            Function::QueryExact => Self::QueryExact,
            Function::QueryNext => Self::QueryNext,
        }
    }
}

//! The configuration file.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use backend_httpsys::service::ListenAddress;
use httpapi_sim::{Call, CertificateState, Inventory, Privilege, Simulator};
use serde::Deserialize;
use store_core::{Binding, BindingKey, BindingStore, CertHash, StoreName};

use crate::config::{ConfigError, open};
use crate::seed::{self, Reservation, Text, Timeouts};

/// A configuration file. Every field may be left out.
///
/// ```toml
/// store = "redb:bindings.redb"     # or "memory:"; paths are relative to the file
/// shared = true                    # a file is open only while a call runs
/// profile = "2022"                 # 7, 8, 10-1607, 10-1703, 2019, 2022, 2025
/// certificates = "certificates"    # a folder of PEM and DER files; without, any is there
/// missing_stores = ["WebHosting"]  # certificate stores that the machine does not have
/// user = "administrator"           # or "standard"
/// trace = "trace.jsonl"            # every call is written down there
///
/// ip_listen = ["127.0.0.1"]        # the IP listen list that the host starts with
///
/// [[urlacl]]                       # a reservation that it starts with
/// url = "http://+:8080/app/"
/// sddl = "D:(A;;GX;;;NS)"
///
/// [timeout]                        # in seconds
/// idleconnectiontimeout = 240
/// headerwaittimeout = 60
///
/// [[certificate]]                  # what HTTP.sys finds of one, whatever the folder says
/// hash = "5226dc6c54559761cd471b86eb51c096252c90f2"
/// state = "without-key"            # or "usable", "absent", { settling = 3 }
///
/// [[fault]]
/// call = "set"                     # initialize, set, update, delete, query-exact, query-next
/// nth = 2
/// answer = 1312                    # the call answers this, and does nothing
/// delay_ms = 500                   # it takes so much longer
/// kill = true                      # the process ends there, as if it were killed
///
/// [[fault]]                        # between the two calls of a query, a record changes
/// call = "query-exact"
/// nth = 2
/// delete = "ipport=0.0.0.0:443"
/// put = { key = "ccs=443", app_id = "4dc3e181-e14b-4a21-b022-59fc669b0914" }
/// ```
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    store: Option<String>,
    #[serde(default)]
    shared: bool,
    profile: Option<String>,
    certificates: Option<PathBuf>,
    #[serde(default)]
    missing_stores: Vec<StoreName>,
    user: Option<User>,
    trace: Option<PathBuf>,
    #[serde(default)]
    ip_listen: Vec<Text<ListenAddress>>,
    #[serde(default)]
    urlacl: Vec<Reservation>,
    #[serde(default)]
    timeout: Timeouts,
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

impl File {
    /// Where calls are written down.
    pub(crate) fn trace(&self, folder: &Path) -> Option<PathBuf> {
        self.trace.as_ref().map(|trace| folder.join(trace))
    }

    /// The simulator that the file describes. Paths in it are relative to `folder`.
    pub(crate) fn simulator(self, folder: &Path) -> Result<Simulator, ConfigError> {
        let kept = open(
            self.store.as_deref().unwrap_or("memory:"),
            folder,
            self.shared,
        )?;
        let store = kept.bindings;
        let mut simulator = Simulator::new(Arc::clone(&store))
            .tables(kept.tables)
            .privilege(match self.user {
                Some(User::Standard) => Privilege::StandardUser,
                Some(User::Administrator) | None => Privilege::Administrator,
            });
        let records = seed::records(self.ip_listen, self.urlacl, &self.timeout);
        simulator.service().seed(&records)?;
        if let Some(profile) = &self.profile {
            simulator = simulator.profile(profile.parse()?);
        }
        if let Some(certificates) = &self.certificates {
            simulator = simulator.inventory(Inventory::of_folder(&folder.join(certificates))?);
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
            fault.inject(&simulator, &store);
        }
        Ok(simulator)
    }
}

impl Fault {
    fn is_none(&self) -> bool {
        let record = self.delete.is_some() || self.put.is_some();
        self.answer.is_none() && self.delay_ms.is_none() && !record && !self.kill
    }

    fn inject(self, simulator: &Simulator, store: &Arc<dyn BindingStore>) {
        let (call, nth) = (self.call.into(), self.nth.get());
        if let Some(code) = self.answer {
            simulator.fail(call, nth, code);
        }
        if let Some(delay) = self.delay_ms {
            simulator.delay(call, nth, Duration::from_millis(delay));
        }
        // What another program does in between, it may do in vain.
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

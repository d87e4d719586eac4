//! The host that the simulator's library simulates, as far as netsh is part of it.

use std::collections::BTreeMap;
use std::path::Path;

use certbind_simulator::Accounts;
use serde::Deserialize;

use crate::netsh::Profile;
use crate::read_file;

/// The parts of the simulator's configuration about the host, other than its service configuration.
/// The rest is read by the library, which also reports its errors: a command that the library
/// refuses to answer fails.
#[derive(Default, Deserialize)]
pub(crate) struct SimulatedHost {
    store: Option<String>,
    profile: Option<String>,
    machine: Option<String>,
    run_as: Option<String>,
    #[serde(default)]
    accounts: BTreeMap<String, String>,
}

impl SimulatedHost {
    /// The host of a configuration: the path of a TOML file, or the URL of a store.
    pub(crate) fn read(configuration: &Path) -> Self {
        let text = read_file::read_text(configuration).unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// The URL of the store of its records. A path in it is relative to the configuration.
    pub(crate) fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// The release whose netsh it has.
    pub(crate) fn profile(&self) -> Option<Profile> {
        Profile::of_windows(self.profile.as_deref()?)
    }

    /// Its accounts.
    pub(crate) fn accounts(&self) -> Accounts {
        let (machine, run_as) = (self.machine.as_deref(), self.run_as.as_deref());
        Accounts::configured(machine, &self.accounts, run_as).unwrap_or_default()
    }
}

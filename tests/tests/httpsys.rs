//! The suite over the HTTP Server API, simulated: a Windows with `HttpUpdateServiceConfiguration`,
//! one without, and one that knows IP addresses alone.

use std::sync::Arc;
use std::time::Duration;

use certbind_conformance::Fixture;
use certbind_core::{MemoryStore, Result};
use certbind_httpsys::HttpSysStore;
use certbind_simulator::{Profile, Simulator};
use tempfile::TempDir;

/// A host, and a folder for the journal.
struct Host<const PROFILE: usize> {
    simulator: Arc<Simulator>,
    journal: TempDir,
}

impl<const PROFILE: usize> Fixture for Host<PROFILE> {
    type Store = HttpSysStore<Arc<Simulator>>;

    /// Lists are enumerated by index, twice, and every change is read back: a debug build takes
    /// minutes for 10,000 keys.
    const MAX_KEYS: usize = 1_000;

    /// Each change is a call, and is read back by others.
    const TIME_LIMIT: Duration = Duration::from_secs(300);

    fn new() -> Self {
        let simulator = Simulator::new(Arc::new(MemoryStore::new()));
        Self {
            simulator: Arc::new(simulator.profile(Profile::ALL[PROFILE])),
            journal: TempDir::new().expect("a temporary directory"),
        }
    }

    fn open(&self) -> Result<Self::Store> {
        let journal = self.journal.path().to_owned();
        HttpSysStore::builder(Arc::clone(&self.simulator))
            .journal(journal)
            .open()
    }
}

certbind_conformance::suite!(
    server_2022,
    Host<{ Profile::Server2022 as usize }>,
    durability_not_checked = "the simulator is part of the process"
);
certbind_conformance::suite!(
    windows_10_1607,
    Host<{ Profile::Windows10V1607 as usize }>,
    durability_not_checked = "the simulator is part of the process"
);
certbind_conformance::suite!(
    windows_7,
    Host<{ Profile::Windows7 as usize }>,
    durability_not_checked = "the simulator is part of the process"
);

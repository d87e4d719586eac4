//! The suite over the HTTP Server API, simulated: a Windows with `HttpUpdateServiceConfiguration`,
//! one without, and one that knows IP addresses alone.

use std::sync::Arc;
use std::time::Duration;

use certbind_conformance::Fixture;
use certbind_core::{MemoryStore, Result};
use certbind_httpsys::HttpSysStore;
use certbind_simulator::{Profile, Simulator};
use tempfile::TempDir;

/// A host, and a folder for the journal. Checks create at most `KEYS` keys.
///
/// 1,000 of them: each change is a call and is read back, and a scan enumerates all records twice. The
/// check of large batches takes a debug build 2 seconds of CPU time with 1,000 keys, 12 with 3,000, and
/// minutes with 10,000, for each release of Windows.
struct Host<const PROFILE: usize, const KEYS: usize = 1_000> {
    simulator: Arc<Simulator>,
    journal: TempDir,
}

impl<const PROFILE: usize, const KEYS: usize> Fixture for Host<PROFILE, KEYS> {
    type Store = HttpSysStore<Arc<Simulator>>;

    const MAX_KEYS: usize = KEYS;

    const TIME_LIMIT: Duration = Duration::from_secs(if KEYS > 1_000 { 3_600 } else { 300 });

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

/// By hand: `cargo test --package certbind-conformance --test httpsys -- --ignored ten_thousand`.
#[test]
#[ignore = "takes minutes"]
fn ten_thousand_keys_follow_the_model() {
    type Large = Host<{ Profile::Server2022 as usize }, 10_000>;
    certbind_conformance::large_batches_follow_the_model::<Large>();
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

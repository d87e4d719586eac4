//! A simulated host, which is looked through afterwards.

use std::sync::Arc;

use certbind_conformance::Fixture;
use certbind_core::{Binding, BindingStore, CertHash, MemoryStore, Record, Result, Uuid};
use certbind_httpsys::HttpSysStore;
use certbind_simulator::{Inventory, Simulator};
use tempfile::TempDir;

use crate::{Host, Visit, everything};

const CERTIFICATES: [CertHash; 2] = [CertHash::new([0xa1; 20]), CertHash::new([0xb2; 20])];

/// Has bindings of others, on a guest's ports too, and no certificates but two.
struct Simulated {
    records: Arc<MemoryStore>,
    simulator: Arc<Simulator>,
    journal: TempDir,
}

impl Fixture for Simulated {
    type Store = HttpSysStore<Arc<Simulator>>;

    fn new() -> Self {
        let records = Arc::new(MemoryStore::new());
        for binding in others() {
            records.insert(binding).expect("insert");
        }
        let simulator = Simulator::new(Arc::clone(&records) as Arc<dyn BindingStore>)
            .inventory(Inventory::Only(CERTIFICATES.into()));
        Self {
            records,
            simulator: Arc::new(simulator),
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

impl Host for Simulated {
    fn certificates(&self) -> [CertHash; 2] {
        CERTIFICATES
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left = everything(&*self.records).expect("a scan");
            assert_eq!(left, others(), "the host is as it was found");
        }
    }
}

fn others() -> Vec<Binding> {
    let app_id = Uuid::from_u128(0x4dc3_e181_e14b_4a21_b022_59fc_669b_0914);
    let binding = |key: &str| {
        let key = key.parse().expect("a key");
        Binding::new(key, Record::new(CERTIFICATES[0], None, app_id)).expect("a binding")
    };
    [
        "ipport=0.0.0.0:443",
        "ipport=127.0.0.1:50001",
        "ipport=[::1]:50002",
    ]
    .map(binding)
    .to_vec()
}

certbind_conformance::suite!(
    simulated,
    Visit<Simulated>,
    durability_not_checked = "the simulator is part of the process"
);

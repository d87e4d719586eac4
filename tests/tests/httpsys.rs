//! The suite over the HTTP Server API, simulated: a Windows with `HttpUpdateServiceConfiguration`,
//! one without, and one that supports only IP addresses.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use certbind_conformance::{Fixture, Redeclared};
use certbind_core::{Binding, BindingStore, MemoryStore, Record, Result, Uuid};
use certbind_httpsys::HttpSysStore;
use certbind_redb::RedbStore;
use certbind_simulator::{Call, Profile, Simulator};
use tempfile::TempDir;

/// A host in memory, and a folder for the journal.
struct Host<const PROFILE: usize> {
    simulator: Arc<Simulator>,
    journal: TempDir,
}

impl<const PROFILE: usize> Fixture for Host<PROFILE> {
    type Store = HttpSysStore<Arc<Simulator>>;

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

/// Without an update, a record is replaced by deleting it and setting it again.
#[test]
fn record_that_another_handle_replaces_is_not_missing() {
    let host = Host::<{ Profile::Windows10V1607 as usize }>::new();
    let [writer, reader] = [host.open(), host.open()].map(|store| store.expect("a store"));
    let key = "ipport=0.0.0.0:443".parse().expect("a key");
    let binding = |n| {
        let record = Record::new([n; 20].into(), None, Uuid::nil());
        Binding::new("ipport=0.0.0.0:443".parse().expect("a key"), record).expect("a binding")
    };
    writer.put(binding(1)).expect("a put");
    let (gap_begins, gap) = mpsc::channel();
    let (read_ends, read) = mpsc::channel();
    host.simulator.before(Call::Set, 1, move || {
        gap_begins.send(()).expect("a reader");
        // A reader that does not wait for the writer ends within the gap.
        let _ = read.recv_timeout(Duration::from_millis(300));
    });
    let found = thread::scope(|scope| {
        let (reader, key) = (&reader, &key);
        let found = scope.spawn(move || {
            gap.recv().expect("a gap");
            let found = reader.get(key);
            let _ = read_ends.send(());
            found
        });
        writer.put(binding(2)).expect("a put");
        found.join().expect("a reader")
    });
    assert_eq!(found.expect("a read"), Some(binding(2)));
}

/// A host whose store declares as many keys as the suite tries by default.
struct LargeHost(Host<{ Profile::Server2022 as usize }>);

impl Fixture for LargeHost {
    type Store = Redeclared<HttpSysStore<Arc<Simulator>>>;

    const TIME_LIMIT: Duration = Duration::from_secs(3_600);

    fn new() -> Self {
        Self(Host::new())
    }

    fn open(&self) -> Result<Self::Store> {
        let store = self.0.open()?;
        Ok(Redeclared::new(store, |declared| {
            declared.with_tested_keys(None)
        }))
    }
}

/// By hand: `cargo test --package certbind-conformance --test httpsys -- --ignored ten_thousand`.
#[test]
#[ignore = "takes minutes"]
fn ten_thousand_keys_follow_the_model() {
    certbind_conformance::large_batches_follow_the_model::<LargeHost>();
}

/// A host whose bindings are in a file, as those of Windows are in the registry: they outlive the
/// process that changes them.
struct DurableHost(TempDir);

impl DurableHost {
    fn open_in(folder: &Path) -> Result<HttpSysStore<Arc<Simulator>>> {
        let bindings = RedbStore::open(folder.join("host.redb"))?;
        HttpSysStore::builder(Arc::new(Simulator::new(Arc::new(bindings))))
            .journal(folder.join("journal"))
            .open()
    }
}

impl Fixture for DurableHost {
    type Store = HttpSysStore<Arc<Simulator>>;

    /// Each change of a batch is a commit of the host.
    const MAX_KEYS: usize = 100;

    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    fn open(&self) -> Result<Self::Store> {
        Self::open_in(self.0.path())
    }

    fn address(&self) -> Option<String> {
        self.0.path().to_str().map(str::to_owned)
    }

    fn open_at(address: &str) -> Result<Self::Store> {
        Self::open_in(Path::new(address))
    }
}

#[test]
fn batches_over_a_durable_host_survive_a_kill() {
    certbind_conformance::acknowledged_changes_survive_a_kill::<DurableHost>(concat!(
        module_path!(),
        "::batches_over_a_durable_host_survive_a_kill"
    ));
}

#[test]
fn batches_over_a_durable_host_are_synced() {
    certbind_conformance::acknowledged_changes_are_synced::<DurableHost>(concat!(
        module_path!(),
        "::batches_over_a_durable_host_are_synced"
    ));
}

//! The suite over etcd: one server; and three, of which one is killed and started again, over and
//! over, while histories are recorded.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use certbind_conformance::Fixture;
use certbind_core::Result;
use certbind_etcd::{EtcdStore, HostName};
use certbind_etcd_server::{Cluster, Server};

/// A name that no other case has.
fn new_host() -> HostName {
    static HOSTS: AtomicU64 = AtomicU64::new(0);
    let host = HOSTS.fetch_add(1, Ordering::Relaxed);
    HostName::new(&format!("host{host}")).expect("a name")
}

/// The server that all tests share.
static SERVER: OnceLock<Server> = OnceLock::new();

/// A host of its own in a server that all tests share.
struct Host(HostName);

impl Fixture for Host {
    type Store = EtcdStore;

    /// The server writes the files.
    const SYNCS_FILES: bool = false;

    fn is_available() -> bool {
        certbind_test_support::is_available("etcd")
    }

    fn new() -> Self {
        Self(new_host())
    }

    fn open(&self) -> Result<EtcdStore> {
        let server = SERVER.get_or_init(Server::start);
        EtcdStore::builder([server.endpoint()]).open(&self.0)
    }

    /// The processes of a host: its server and its name.
    fn address(&self) -> Option<String> {
        let server = SERVER.get_or_init(Server::start);
        Some(format!("{} {}", server.endpoint(), self.0))
    }

    fn open_at(address: &str) -> Result<EtcdStore> {
        let (endpoint, host) = address.split_once(' ').expect("an endpoint and a host");
        let host = HostName::new(host).expect("a name");
        EtcdStore::builder([endpoint.to_owned()]).open(&host)
    }
}

certbind_conformance::suite!(etcd, Host);

/// A host in a cluster of three.
struct Replicated(HostName);

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(3))
}

impl Fixture for Replicated {
    type Store = EtcdStore;

    fn is_available() -> bool {
        certbind_test_support::is_available("etcd")
    }

    fn new() -> Self {
        Self(new_host())
    }

    fn open(&self) -> Result<EtcdStore> {
        let etcd = EtcdStore::builder(cluster().endpoints()).timeout(Duration::from_secs(3));
        etcd.open(&self.0)
    }
}

#[test]
fn linearizable_while_members_are_killed() {
    certbind_test_support::require!("etcd");
    let (over, killed) = (AtomicBool::new(false), AtomicU64::new(0));
    let victims = || {
        for victim in (0..cluster().endpoints().len()).cycle() {
            let mut member = cluster().member(victim);
            member.kill();
            killed.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(300));
            member.restart();
            std::thread::sleep(Duration::from_millis(300));
            if over.load(Ordering::Relaxed) {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let victims = scope.spawn(victims);
        let _over = Over(&over);
        // A fast machine ends the cases before the third member is killed.
        while killed.load(Ordering::Relaxed) < 3 && !victims.is_finished() {
            certbind_conformance::operations_are_linearizable::<Replicated>();
        }
    });
    assert!(killed.into_inner() >= 3, "each member was killed");
}

/// Signals the end when it is dropped, also by a panic.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

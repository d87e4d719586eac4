//! The events of the `tracing` feature. Nothing is logged without a subscriber.

#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::net::TcpListener;
use std::time::Duration;

use certbind_core::{Binding, BindingStore, CertHash, Record, Uuid};
use certbind_etcd::EtcdStore;
use certbind_etcd_server::Server;
use certbind_test_support::events::assert_event;
use certbind_test_support::require;

/// The events while `work` runs.
fn events(work: impl FnOnce()) -> Vec<String> {
    certbind_test_support::events::collect("certbind_etcd", work)
}

/// An endpoint at which no server listens.
fn dead_endpoint() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn binding(port: u16, app: u128) -> Binding {
    let record = Record::new(CertHash::new([7; 20]), None, Uuid::from_u128(app));
    Binding::new(format!("0.0.0.0:{port}").parse().unwrap(), record).unwrap()
}

#[test]
fn openings_and_unanswered_calls_are_events() {
    let (first, second) = (dead_endpoint(), dead_endpoint());
    let events = events(|| {
        let builder = EtcdStore::builder([first.clone(), second.clone()]);
        let builder = builder
            .user("web", "a-secret")
            .retry_timeout(Duration::ZERO);
        let store = builder.open(&"host".parse().unwrap()).unwrap();
        store.get(binding(443, 1).key()).unwrap_err();
    });
    assert_event(&events, &["DEBUG", "open", "user=true", "tls=false"]);
    assert!(
        events[0].contains(&first) && events[0].contains(&second),
        "{events:?}"
    );
    assert_event(&events, &["WARN", "no answer", "etcdserverpb.KV/Range"]);
    assert!(!events.concat().contains("a-secret"), "{events:?}");
}

/// Another writer changes the host after the store has read it.
#[test]
fn overtaken_batches_are_events() {
    require!("etcd");
    let server = Server::start();
    let open = || {
        let builder = EtcdStore::builder([server.endpoint()]);
        builder.open(&"host".parse().unwrap()).unwrap()
    };
    let (ours, other) = (open(), open());
    ours.insert(binding(443, 1)).unwrap();
    other.put(binding(443, 2)).unwrap();
    // An insert assumes the revision of the store's last batch.
    let events = events(|| {
        ours.insert(binding(444, 3)).unwrap();
    });
    assert_event(
        &events,
        &["DEBUG", "batch overtaken by another writer", "attempts=2"],
    );
}

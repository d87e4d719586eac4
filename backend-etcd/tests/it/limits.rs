//! Limits of etcd, compacted history, unreachable endpoints, and the runtime.

use std::time::Duration;

use certbind_core::{Batch, Binding, BindingStore, Change, Record, Scan, StoreError};
use certbind_etcd::EtcdStore;
use certbind_etcd_server::Server;
use certbind_test_support::require;

use crate::samples::{etcd, key, marked, new_host, server, store};

fn batch(changes: u16) -> Batch {
    Batch::new((1..=changes).map(|n| Change::put(marked(n, 1)))).unwrap()
}

#[test]
fn batches_beyond_the_limit_name_it() {
    require!("etcd");
    let store = store(&new_host());
    store.apply(&batch(127)).unwrap();
    let error = store.apply(&batch(128)).unwrap_err().to_string();
    assert!(
        error.contains("at most 127") && error.contains("--max-txn-ops"),
        "{error}"
    );
}

#[test]
fn the_limit_of_a_server_may_differ() {
    require!("etcd");
    let small = Server::start_with(&["--max-txn-ops=16"]);
    let host = new_host();
    let unaware = EtcdStore::builder([small.endpoint()]).open(&host).unwrap();
    let error = unaware.apply(&batch(16)).unwrap_err();
    assert!(matches!(error, StoreError::Unsupported { .. }), "{error:?}");
    assert!(error.to_string().contains("--max-txn-ops"), "{error}");
    let aware = EtcdStore::builder([small.endpoint()]).max_txn_ops(16.try_into().unwrap());
    let aware = aware.open(&host).unwrap();
    assert!(
        aware
            .apply(&batch(16))
            .unwrap_err()
            .to_string()
            .contains("at most 15")
    );
    aware.apply(&batch(15)).unwrap();
}

#[test]
fn requests_that_are_too_large_name_the_limit() {
    require!("etcd");
    let small = Server::start_with(&["--max-request-bytes=4096"]);
    let store = EtcdStore::builder([small.endpoint()])
        .open(&new_host())
        .unwrap();
    let error = store.apply(&batch(100)).unwrap_err();
    assert!(matches!(error, StoreError::Unsupported { .. }), "{error:?}");
    assert!(error.to_string().contains("--max-request-bytes"), "{error}");
    assert_eq!(store.scan(&Scan::all()).unwrap().count(), 0);
}

#[test]
fn scans_of_many_pages_read_one_revision() {
    require!("etcd");
    let (host, count) = (new_host(), 2_500);
    let writer = store(&host);
    for from in (1..count).step_by(100) {
        let changes = (from..(from + 100).min(count)).map(|n| Change::insert(marked(n, 1)));
        writer.apply(&Batch::new(changes).unwrap()).unwrap();
    }
    let reader = store(&host);
    let mut scan = reader.scan(&Scan::all()).unwrap();
    let first = scan.next().unwrap().unwrap();
    for n in [1, 2, 1_500, count - 1] {
        writer.remove(&key(n)).unwrap();
    }
    writer.insert(marked(60_000, 2)).unwrap();
    let rest: Vec<_> = scan.map(Result::unwrap).collect();
    assert_eq!(first, marked(1, 1));
    assert_eq!(rest, (2..count).map(|n| marked(n, 1)).collect::<Vec<_>>());
}

#[test]
fn scans_of_a_compacted_revision_end_with_an_error() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    let store = EtcdStore::builder([server.endpoint()])
        .open(&new_host())
        .unwrap();
    for from in 0..15 {
        let changes = (1..=100).map(|n| Change::insert(marked(from * 100 + n, 1)));
        store.apply(&Batch::new(changes).unwrap()).unwrap();
    }
    let scan = store.scan(&Scan::all()).unwrap();
    let last = store.apply(&Change::put(marked(1, 2)).into()).unwrap();
    let _ = server.ctl(&["compaction", &last.revision().unwrap().to_string()]);
    let results: Vec<_> = scan.collect();
    assert!(matches!(
        results.last(),
        Some(Err(StoreError::Unstable { .. }))
    ));
    assert_eq!(results.len(), 1001, "one page, and the error");
}

#[test]
fn unreachable_endpoints_are_reported_in_time() {
    require!("etcd");
    let etcd = EtcdStore::builder(["127.0.0.1:1", "127.0.0.1:2"]);
    let etcd = etcd.retry_timeout(Duration::from_millis(300));
    let store = etcd.open(&new_host()).unwrap();
    let error = store.get(&key(1)).unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:1,127.0.0.1:2"), "{error}");
    assert!(error.contains("Connection refused"), "{error}");
}

#[test]
fn unreachable_endpoints_are_skipped() {
    require!("etcd");
    let etcd = EtcdStore::builder(["127.0.0.1:1".to_owned(), server().endpoint()]);
    for _ in 0..4 {
        let store = etcd.open(&new_host()).unwrap();
        store.insert(marked(1, 1)).unwrap();
        assert_eq!(store.get(&key(1)).unwrap(), Some(marked(1, 1)));
    }
}

/// The values stay unchanged.
#[test]
fn damaged_and_newer_values_are_refused() {
    require!("etcd", "etcdctl");
    let host = new_host();
    let ours = store(&host);
    // Kind 3, and a port of two bytes that are text: "11".
    let key = "ccs=12593".parse().unwrap();
    let text = format!("/certbind/v1/{host}/\u{3}11");
    let _ = server().ctl(&["put", &text, "\u{7f}newer"]);
    for error in [
        ours.get(&key).unwrap_err(),
        ours.put(central(12593)).unwrap_err(),
        ours.scan(&Scan::all())
            .unwrap()
            .last()
            .unwrap()
            .unwrap_err(),
    ] {
        let said = error.to_string();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert!(
            said.contains(&format!("{host}/ccs=12593")) && said.contains("127"),
            "{said}"
        );
    }
    assert!(server().ctl(&["get", &text]).contains("newer"), "it stays");
}

fn central(port: u16) -> Binding {
    let record = Record::central(certbind_core::Uuid::nil());
    Binding::new(format!("ccs={port}").parse().unwrap(), record).unwrap()
}

#[test]
fn asynchronous_code_may_use_and_drop_a_store() {
    require!("etcd");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = store(&new_host());
        store.insert(marked(1, 1)).unwrap();
        drop(store);
    });
}

#[test]
fn new_hosts_have_no_revision() {
    require!("etcd");
    let store = store(&new_host());
    assert_eq!(store.revision().unwrap(), None);
    let applied = store.apply(&batch(1)).unwrap();
    assert_eq!(store.revision().unwrap(), applied.revision());
}

/// A program's own runtime drives the connections, also while every worker of it waits for a store.
#[test]
fn a_runtime_of_the_program_drives_the_connections() {
    require!("etcd");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let host = new_host();
    let store = etcd().runtime(runtime.handle().clone()).open(&host);
    let store = std::sync::Arc::new(store.unwrap());
    store.insert(marked(1, 1)).unwrap();
    let tasks: Vec<_> = (2..10)
        .map(|n| {
            let store = std::sync::Arc::clone(&store);
            runtime.spawn(async move { store.insert(marked(n, 1)) })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap().unwrap();
    }
    assert_eq!(store.scan(&Scan::all()).unwrap().count(), 9);

    runtime.shutdown_background();
    let error = store.insert(marked(10, 1)).unwrap_err();
    assert!(error.to_string().contains("runtime"), "{error}");
    let error = store.get(&key(1)).unwrap_err();
    assert!(error.to_string().contains("runtime"), "{error}");
}

/// A call from the only thread of a runtime would wait for itself.
#[test]
fn current_thread_runtimes_are_refused() {
    require!("etcd");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let opened = etcd().runtime(runtime.handle().clone()).open(&new_host());
    let error = opened.unwrap_err().to_string();
    assert!(error.contains("multi-thread"), "{error}");
}

//! Batches without an answer are applied exactly once.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use certbind_core::{Batch, BindingStore, Change, Scan, StoreError};
use certbind_etcd::{EtcdStore, HostName};
use certbind_etcd_server::{Proxy, Server, Traffic};
use certbind_test_support::require;

use crate::samples::{key, mark, marked, new_host, server, store};

fn through(proxy: &Proxy, host: &HostName) -> EtcdStore {
    let etcd = EtcdStore::builder([proxy.endpoint()])
        .timeout(Duration::from_millis(150))
        .retry_timeout(Duration::from_secs(20));
    etcd.open(host).unwrap()
}

/// Waits until the host has been changed in a revision after this one.
fn changed_since(store: &EtcdStore, revision: Option<u64>) -> u64 {
    let begun = Instant::now();
    loop {
        let now = store.revision().unwrap();
        if let Some(now) = now.filter(|now| Some(*now) > revision) {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing changed");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A store on a proxied connection, which has applied one batch, another one without the proxy, and
/// the revision.
fn watched() -> (Proxy, EtcdStore, EtcdStore, u64) {
    let (proxy, host) = (Proxy::to(&server().endpoint()), new_host());
    let (ours, other) = (through(&proxy, &host), store(&host));
    ours.insert(marked(1, 1)).unwrap();
    let revision = other.revision().unwrap().unwrap();
    (proxy, ours, other, revision)
}

#[test]
fn lost_answers_do_not_repeat_a_batch() {
    require!("etcd");
    let (proxy, ours, other, revision) = watched();
    proxy.set(Traffic::DropResponses);
    let applied = thread::scope(|scope| {
        let applying = scope.spawn(|| ours.apply(&Change::put(marked(1, 2)).into()));
        // The revision and the replaced bindings are read through the same proxy.
        proxy.wait_for_dropped_response();
        proxy.set(Traffic::Forward);
        proxy.disconnect_clients();
        applying.join().unwrap()
    });
    let applied = applied.unwrap();
    assert_eq!(applied.outcomes()[0].before, Some(marked(1, 1)));
    assert_eq!(applied.revision(), other.revision().unwrap());

    // One that needs no reading, so that the answer of the transaction itself is lost.
    proxy.set(Traffic::DropResponses);
    let revision = applied.revision().unwrap().max(revision);
    let applied = thread::scope(|scope| {
        let applying = scope.spawn(|| ours.apply(&Change::insert(marked(2, 3)).into()));
        let changed = changed_since(&other, Some(revision));
        proxy.set(Traffic::Forward);
        proxy.disconnect_clients();
        let applied = applying.join().unwrap().expect("it was applied, once");
        assert_eq!(applied.revision(), Some(changed));
        applied
    });
    assert_eq!(applied.outcomes()[0].before, None);
    assert_eq!(other.get(&key(2)).unwrap(), Some(marked(2, 3)));
}

#[test]
fn lost_batches_are_found_in_the_history() {
    require!("etcd");
    let (proxy, ours, other, revision) = watched();
    proxy.set(Traffic::DropResponses);
    thread::scope(|scope| {
        let applying = scope.spawn(|| ours.apply(&Change::insert(marked(2, 2)).into()));
        let changed = changed_since(&other, Some(revision));
        // The key that it inserted was removed again: a check of the key alone would insert it
        // twice.
        other.remove(&key(2)).unwrap();
        for n in 3..8 {
            other.insert(marked(n, 3)).unwrap();
        }
        proxy.set(Traffic::Forward);
        proxy.disconnect_clients();
        let applied = applying.join().unwrap().expect("it was applied, once");
        assert_eq!(applied.revision(), Some(changed));
    });
    assert_eq!(other.get(&key(2)).unwrap(), None, "it is not back");
}

#[test]
fn late_copies_do_nothing() {
    require!("etcd");
    let (server, host) = (Server::start(), new_host());
    let slow = Proxy::to(&server.endpoint());
    let etcd = EtcdStore::builder([slow.endpoint(), server.endpoint()]);
    // The first endpoint is random.
    let ours = loop {
        let ours = etcd.open(&host).unwrap();
        ours.put(marked(1, 1)).unwrap();
        if slow.connections() > 0 {
            break ours;
        }
    };
    slow.set(Traffic::HoldRequests);
    thread::scope(|scope| {
        let applying = scope.spawn(|| ours.insert(marked(2, 2)));
        slow.wait_for_held_request();
        slow.disconnect_clients();
        applying.join().unwrap().expect("the other member took it");
    });
    let other = EtcdStore::builder([server.endpoint()]).open(&host).unwrap();
    other.remove(&key(2)).unwrap();
    // The copy in transit still arrives, and its key is free.
    let finished = server.finished_calls("Txn");
    slow.set(Traffic::Forward);
    let begun = Instant::now();
    while server.finished_calls("Txn") == finished {
        assert!(begun.elapsed() < Duration::from_secs(20), "no copy arrived");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(other.get(&key(2)).unwrap(), None);
}

#[test]
fn the_retry_timeout_ends_with_outcome_unknown() {
    require!("etcd");
    let (proxy, host) = (Proxy::to(&server().endpoint()), new_host());
    let etcd = EtcdStore::builder([proxy.endpoint()])
        .timeout(Duration::from_millis(100))
        .retry_timeout(Duration::from_millis(500));
    let ours = etcd.open(&host).unwrap();
    ours.insert(marked(1, 1)).unwrap();
    proxy.set(Traffic::DropResponses);
    let error = ours.insert(marked(2, 2)).unwrap_err();
    assert!(
        matches!(error, StoreError::OutcomeUnknown { .. }),
        "{error:?}"
    );
    // Reading first changes nothing, and so can be known not to have.
    let error = ours.put(marked(3, 3)).unwrap_err();
    assert!(matches!(error, StoreError::Backend { .. }), "{error:?}");

    proxy.set(Traffic::Forward);
    assert_eq!(ours.get(&key(2)).unwrap(), Some(marked(2, 2)), "it was");
    assert_eq!(ours.get(&key(3)).unwrap(), None);
}

#[test]
fn lost_answer_still_reports_failed_precondition() {
    require!("etcd");
    let (proxy, ours, other, _) = watched();
    proxy.set(Traffic::HoldRequests);
    thread::scope(|scope| {
        let applying = scope.spawn(|| ours.insert(marked(2, 2)));
        proxy.wait_for_held_request();
        other.insert(marked(2, 3)).unwrap();
        proxy.set(Traffic::Forward);
        let error = applying.join().unwrap().unwrap_err();
        assert!(
            matches!(&error, StoreError::AlreadyExists { found: Some(found), .. } if **found == marked(2, 3)),
            "{error:?}"
        );
    });
}

/// Puts of one key form a chain: each replaces the value of another. A put that is applied twice
/// replaces two values.
#[test]
fn puts_form_one_chain_under_broken_connections() {
    require!("etcd");
    const WRITERS: u16 = 3;
    const PUTS: u16 = 25;
    let server = Server::start();
    let host = new_host();
    let proxies = [(); WRITERS as usize].map(|()| Proxy::to(&server.endpoint()));
    let (over, chain) = (AtomicBool::new(false), Mutex::new(BTreeMap::new()));
    let cut = || {
        while !over.load(Ordering::Relaxed) {
            for proxy in &proxies {
                let losing = [Traffic::DropResponses, Traffic::HoldRequests][fastrand::usize(..2)];
                thread::sleep(Duration::from_millis(fastrand::u64(1..15)));
                proxy.set(losing);
                thread::sleep(Duration::from_millis(fastrand::u64(1..10)));
                proxy.disconnect_clients();
                proxy.set(Traffic::Forward);
            }
        }
    };
    let write = |writer: u16| {
        let store = through(&proxies[usize::from(writer)], &host);
        for n in 0..PUTS {
            let new = u128::from(1 + writer * PUTS + n);
            // A second key, so that halves of batches would show.
            let batch = Batch::new([Change::put(marked(1, new)), Change::put(marked(2, new))]);
            let applied = store
                .apply(&batch.unwrap())
                .expect("there is patience enough");
            let [one, two] = applied.outcomes() else {
                panic!("two changes have two outcomes");
            };
            assert_eq!(one.before.as_ref().map(mark), two.before.as_ref().map(mark));
            let old = one.before.as_ref().map_or(0, mark);
            let twice = chain.lock().unwrap().insert(old, new);
            assert_eq!(twice, None, "{old} was replaced by {new} too");
        }
    };
    thread::scope(|scope| {
        let cutter = scope.spawn(cut);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(writer)))
            .collect();
        let ended: Vec<_> = writers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        over.store(true, Ordering::Relaxed);
        cutter.join().unwrap();
        for end in ended {
            end.unwrap();
        }
    });
    let chain = chain.into_inner().unwrap();
    let (mut last, mut length) = (0, 0);
    while let Some(next) = chain.get(&last) {
        (last, length) = (*next, length + 1);
    }
    assert_eq!(length, WRITERS * PUTS, "the chain has every put");
    let store = EtcdStore::builder([server.endpoint()]).open(&host).unwrap();
    let left: Vec<_> = store
        .scan(&Scan::all())
        .unwrap()
        .map(|b| mark(&b.unwrap()))
        .collect();
    assert_eq!(left, [last, last]);
}

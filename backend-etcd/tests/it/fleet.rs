//! All hosts of a cluster: listed, visited, watched.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use certbind_core::{Batch, BindingStore, Change, Scan, StoreError};
use certbind_etcd::{EtcdStore, HostChange, HostName, Watch};
use certbind_etcd_server::{Proxy, Server, Traffic};
use certbind_test_support::require;

use crate::samples::{key, mark, marked};

const SOON: Duration = Duration::from_secs(20);

/// How often something is written to a host whose watch loses its connection and its server.
const ROUNDS: u128 = 20;

fn name(n: usize) -> HostName {
    HostName::new(&format!("web{n:02}")).unwrap()
}

fn next(watch: &mut Watch) -> HostChange {
    watch.next(SOON).unwrap().expect("something has changed")
}

#[test]
fn hosts_are_listed_and_odd_names_skipped() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    let fleet = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    assert_eq!(fleet.hosts().unwrap().hosts, []);
    for n in [7, 3, 5] {
        fleet.host(&name(n)).insert(marked(1, 1)).unwrap();
    }
    fleet.host(&name(3)).remove(&key(1)).unwrap();
    assert_eq!(
        fleet.host(&name(9)).get(&key(1)).unwrap(),
        None,
        "it is only read"
    );
    assert_eq!(
        fleet.hosts().unwrap().hosts,
        [3, 5, 7].map(name),
        "an empty host is one"
    );
    let _ = server.ctl(&["put", "/certbind/v1/.hosts/WEB\u{1b}", "x"]);
    let list = fleet.hosts().unwrap();
    assert_eq!(list.hosts, [3, 5, 7].map(name), "the other hosts");
    let [error @ StoreError::Corrupt { .. }] = &list.skipped[..] else {
        panic!("{list:?}");
    };
    assert!(error.to_string().contains(r"WEB\x1b"), "{error}");
}

#[test]
fn visits_are_parallel_and_bounded() {
    require!("etcd");
    let server = Server::start();
    let fleet = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    let hosts: Vec<_> = (0..40).map(name).collect();
    // A visit ends when four are under way; a thread makes one at a time.
    let (begun, changed) = (Mutex::new(0), Condvar::new());
    let threads = Mutex::new(HashSet::new());
    let inserted = fleet.visit(&hosts, 4.try_into().unwrap(), |host, store| {
        threads.lock().unwrap().insert(thread::current().id());
        let n: u128 = host.as_str()[3..].parse().unwrap();
        store.insert(marked(1, n)).unwrap();
        let mut count = begun.lock().unwrap();
        let four = *count / 4 * 4 + 4;
        *count += 1;
        changed.notify_all();
        let waited = changed
            .wait_timeout_while(count, SOON, |count| *count < four)
            .unwrap();
        assert!(!waited.1.timed_out(), "fewer than four are under way");
        n
    });
    assert_eq!(
        inserted,
        (0..40).collect::<Vec<_>>(),
        "in the order of the hosts"
    );
    assert_eq!(threads.into_inner().unwrap().len(), 4);
    let marks = fleet.visit(&hosts, 16.try_into().unwrap(), |_, store| {
        let scan = store.scan(&Scan::all()).unwrap();
        scan.map(|binding| mark(&binding.unwrap()))
            .collect::<Vec<_>>()
    });
    assert_eq!(marks, (0..40).map(|n| vec![n]).collect::<Vec<_>>());
}

#[test]
fn watches_deliver_each_batch_once() {
    require!("etcd");
    let server = Server::start();
    let fleet = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    let (one, two) = (fleet.host(&name(1)), fleet.host(&name(2)));
    one.insert(marked(1, 1)).unwrap();
    let begun = fleet.revision().unwrap();
    let mut watch = fleet.watch(begun);
    let waited = watch.next(Duration::from_millis(1)).unwrap();
    assert_eq!(waited, None, "the wait ends");

    let batch = Batch::new([
        Change::remove(key(1)),
        Change::insert(marked(2, 2)),
        Change::put(marked(3, 3)),
    ]);
    let applied = one.apply(&batch.unwrap()).unwrap();
    let second = two.apply(&Change::insert(marked(1, 4)).into()).unwrap();
    let first = next(&mut watch);
    assert_eq!(Some(first.revision), applied.revision());
    assert_eq!(first.host, name(1));
    let mut changes = first.changes;
    changes.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [(1, None), (2, Some(2)), (3, Some(3))];
    let expected = expected.map(|(n, mark)| (key(n), mark.map(|mark| marked(n, mark))));
    assert_eq!(changes, expected);
    let other = next(&mut watch);
    assert_eq!(
        (Some(other.revision), other.host),
        (second.revision(), name(2))
    );

    // The watch of one host receives no changes of the others.
    let mut alone = two.watch(begun);
    assert_eq!(Some(two.cluster_revision().unwrap()), second.revision());
    // A resumed watch continues where it stopped.
    let mut resumed = fleet.watch(first.revision);
    // A change that was delivered twice would precede these.
    let third = one.apply(&Change::put(marked(2, 5)).into()).unwrap();
    let fourth = two.apply(&Change::put(marked(1, 6)).into()).unwrap();
    let [second, third, fourth] = [second, third, fourth].map(|applied| applied.revision());
    for (watch, expected) in [
        (&mut watch, &[third, fourth][..]),
        (&mut alone, &[second, fourth]),
        (&mut resumed, &[second, third, fourth]),
    ] {
        for revision in expected {
            assert_eq!(Some(next(watch).revision), *revision);
        }
    }
}

#[test]
fn unlimited_timeouts_do_not_overflow() {
    require!("etcd");
    let server = Server::start();
    let etcd = EtcdStore::builder([server.endpoint()]).retry_timeout(Duration::MAX);
    let fleet = etcd.timeout(Duration::MAX).open_fleet().unwrap();
    let host = fleet.host(&name(1));
    let mut watch = fleet.watch(fleet.revision().unwrap());
    let changed = thread::scope(|scope| {
        let watching = scope.spawn(|| watch.next(Duration::MAX));
        let begun = Instant::now();
        while server.watches() == 0 {
            assert!(begun.elapsed() < SOON, "it does not watch");
            thread::sleep(Duration::from_millis(5));
        }
        host.insert(marked(1, 1)).unwrap();
        watching.join()
    });
    let changed = changed.unwrap().unwrap();
    assert_eq!(changed.map(|changed| changed.host), Some(name(1)));
}

#[test]
fn watches_survive_lost_connections_and_servers() {
    require!("etcd");
    let mut server = Server::start();
    let proxy = Proxy::to(&server.endpoint());
    let writer = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    let etcd = EtcdStore::builder([proxy.endpoint()]).timeout(Duration::from_millis(400));
    let fleet = etcd.open_fleet().unwrap();
    let store = writer.host(&name(1));
    store.insert(marked(1, 0)).unwrap();
    let mut watch = fleet.watch(writer.revision().unwrap());
    let mut seen = Vec::new();
    let mut look = |within| {
        let Some(changed) = watch.next(within).unwrap() else {
            return false;
        };
        let [(_, Some(binding))] = &changed.changes[..] else {
            panic!("{changed:?}");
        };
        let mark = mark(binding);
        seen.push(mark);
        mark < ROUNDS
    };
    for round in 1..=ROUNDS {
        match round % 10 {
            // The watch has received changes when the connection breaks.
            3 | 5 => {
                assert!(look(SOON));
                proxy.disconnect_clients();
            }
            6 => {
                proxy.set(Traffic::DropResponses);
                proxy.disconnect_clients();
            }
            8 => {
                proxy.set(Traffic::Forward);
                proxy.disconnect_clients();
            }
            9 => server.restart(),
            _ => {}
        }
        store.put(marked(1, round)).unwrap();
        look(Duration::from_millis(20));
    }
    while look(SOON) {}
    // Each change is delivered once: the next one is the change that is written now.
    store.put(marked(1, ROUNDS + 1)).unwrap();
    let expected = [(key(1), Some(marked(1, ROUNDS + 1)))];
    assert_eq!(next(&mut watch).changes, expected);
    assert_eq!(
        seen,
        (1..=ROUNDS).collect::<Vec<_>>(),
        "each once, in order"
    );
}

#[test]
fn watches_report_compacted_history() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    let fleet = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    let store = fleet.host(&name(1));
    for round in 0..5 {
        store.put(marked(1, round)).unwrap();
    }
    let now = fleet.revision().unwrap();
    let _ = server.ctl(&["compaction", &now.to_string()]);
    let error = fleet.watch(1).next(SOON).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("read the fleet"), "{error}");
    store.put(marked(1, 9)).unwrap();
    assert_eq!(next(&mut fleet.watch(now)).revision, now + 1);
}

#[test]
fn odd_keys_do_not_end_a_watch() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    let fleet = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    let mut watch = fleet.watch(fleet.revision().unwrap());
    let _ = server.ctl(&["put", "/certbind/v1/web01/x", "y"]);
    fleet.host(&name(1)).insert(marked(1, 1)).unwrap();
    let error = watch.next(SOON).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert_eq!(next(&mut watch).host, name(1));
}

/// A deletion that is compacted at its own revision while the watch is disconnected is not lost: the
/// watch reports the compaction. A watch that starts exactly at the compacted revision would get
/// neither the deletion nor an error (etcd issues 18089 and 19179).
#[test]
fn compacted_deletions_are_not_missed() {
    require!("etcd");
    let server = Server::start();
    let proxy = Proxy::to(&server.endpoint());
    let writer = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    let store = writer.host(&name(1));
    store.insert(marked(1, 1)).unwrap();
    let etcd = EtcdStore::builder([proxy.endpoint()]).timeout(Duration::from_millis(400));
    let reader = etcd.open(&name(1)).unwrap();
    let after = writer.revision().unwrap();
    let mut watch = reader.watch(after);
    store.insert(marked(2, 2)).unwrap();
    assert_eq!(next(&mut watch).changes, [(key(2), Some(marked(2, 2)))]);

    proxy.set(Traffic::DropResponses);
    proxy.disconnect_clients();
    store.remove(&key(2)).unwrap();
    let deleted = writer.revision().unwrap();
    let _ = server.ctl(&["compaction", &deleted.to_string()]);
    proxy.set(Traffic::Forward);
    proxy.disconnect_clients();
    let error = watch.next(SOON).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");

    // From the compacted revision on it works again.
    let mut watch = reader.watch(deleted);
    store.insert(marked(3, 3)).unwrap();
    assert_eq!(next(&mut watch).changes, [(key(3), Some(marked(3, 3)))]);
}

/// A compaction of history that the watch has received does not end it.
#[test]
fn compaction_of_received_history_is_harmless() {
    require!("etcd");
    let server = Server::start();
    let proxy = Proxy::to(&server.endpoint());
    let writer = EtcdStore::builder([server.endpoint()])
        .open_fleet()
        .unwrap();
    let store = writer.host(&name(1));
    let etcd = EtcdStore::builder([proxy.endpoint()]).timeout(Duration::from_millis(400));
    let mut watch = etcd.open_fleet().unwrap().watch(0);
    for n in 1..=3 {
        store.insert(marked(n, 1)).unwrap();
        assert_eq!(next(&mut watch).changes, [(key(n), Some(marked(n, 1)))]);
        let now = writer.revision().unwrap();
        let _ = server.ctl(&["compaction", &now.to_string()]);
        proxy.disconnect_clients();
    }
}

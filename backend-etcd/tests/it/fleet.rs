//! All hosts of a cluster: listed, visited, watched.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use certbind_core::{Batch, BindingStore, Change, Scan, StoreError};
use certbind_etcd::{Changed, Fleet, HostName, Options, Watch};
use certbind_etcd_server::{Proxy, Server, Wire};
use certbind_test_support::require;

use crate::samples::{key, mark, marked};

const SOON: Duration = Duration::from_secs(20);

/// How often something is written to a host whose watch loses its connection and its server.
const ROUNDS: u128 = 20;

fn name(n: usize) -> HostName {
    HostName::new(&format!("web{n:02}")).unwrap()
}

fn next(watch: &mut Watch) -> Changed {
    watch.next(SOON).unwrap().expect("something has changed")
}

#[test]
fn the_hosts_are_those_that_were_written_to() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    let fleet = Fleet::open(&Options::new([server.endpoint()])).unwrap();
    assert_eq!(fleet.hosts().unwrap(), []);
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
        fleet.hosts().unwrap(),
        [3, 5, 7].map(name),
        "an empty host is one"
    );
    let _ = server.ctl(&["put", "/certbind/v1/.hosts/WEB\u{1b}", "x"]);
    let error = fleet.hosts().unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}

#[test]
fn hosts_are_visited_side_by_side_but_not_too_many() {
    require!("etcd");
    let server = Server::start();
    let fleet = Fleet::open(&Options::new([server.endpoint()])).unwrap();
    let hosts: Vec<_> = (0..40).map(name).collect();
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let inserted = fleet.visit(&hosts, 4.try_into().unwrap(), |host, store| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let n: u128 = host.as_str()[3..].parse().unwrap();
        store.insert(marked(1, n)).unwrap();
        thread::sleep(Duration::from_millis(5));
        now.fetch_sub(1, Ordering::SeqCst);
        n
    });
    assert_eq!(
        inserted,
        (0..40).collect::<Vec<_>>(),
        "in the order of the hosts"
    );
    assert_eq!(most.into_inner(), 4);
    let marks = fleet.visit(&hosts, 16.try_into().unwrap(), |_, store| {
        let scan = store.scan(&Scan::all()).unwrap();
        scan.map(|binding| mark(&binding.unwrap()))
            .collect::<Vec<_>>()
    });
    assert_eq!(marks, (0..40).map(|n| vec![n]).collect::<Vec<_>>());
}

#[test]
fn a_watch_gives_each_batch_once_and_whole() {
    require!("etcd");
    let server = Server::start();
    let fleet = Fleet::open(&Options::new([server.endpoint()])).unwrap();
    let (one, two) = (fleet.host(&name(1)), fleet.host(&name(2)));
    one.insert(marked(1, 1)).unwrap();
    let begun = fleet.revision().unwrap();
    let mut watch = fleet.watch(begun);
    assert_eq!(watch.next(Duration::from_millis(200)).unwrap(), None);

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

    // One host's watch knows nothing of the others.
    let mut alone = two.watch(begun);
    assert_eq!(Some(two.cluster_revision().unwrap()), second.revision());
    assert_eq!(next(&mut alone).host, name(2));
    assert_eq!(alone.next(Duration::from_millis(200)).unwrap(), None);

    // Who comes back later goes on where it was.
    let mut resumed = fleet.watch(first.revision);
    assert_eq!(next(&mut resumed).host, name(2));
    assert_eq!(resumed.next(Duration::from_millis(200)).unwrap(), None);
}

#[test]
fn who_waits_for_ever_waits() {
    require!("etcd");
    let server = Server::start();
    let options = Options::new([server.endpoint()]).patience(Duration::MAX);
    let fleet = Fleet::open(&options.timeout(Duration::MAX)).unwrap();
    let host = fleet.host(&name(1));
    let mut watch = fleet.watch(fleet.revision().unwrap());
    let changed = thread::scope(|scope| {
        let watching = scope.spawn(|| watch.next(Duration::MAX));
        thread::sleep(Duration::from_millis(200));
        host.insert(marked(1, 1)).unwrap();
        watching.join()
    });
    let changed = changed.unwrap().unwrap();
    assert_eq!(changed.map(|changed| changed.host), Some(name(1)));
}

#[test]
fn a_watch_outlives_its_connection_and_its_server() {
    require!("etcd");
    let mut server = Server::start();
    let proxy = Proxy::to(&server.endpoint());
    let writer = Fleet::open(&Options::new([server.endpoint()])).unwrap();
    let options = Options::new([proxy.endpoint()]).timeout(Duration::from_millis(400));
    let fleet = Fleet::open(&options).unwrap();
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
            // Something was seen when the connection breaks.
            3 | 5 => {
                assert!(look(SOON));
                proxy.cut();
            }
            6 => {
                proxy.set(Wire::LosesAnswers);
                proxy.cut();
            }
            8 => {
                proxy.set(Wire::Whole);
                proxy.cut();
            }
            9 => server.restart(),
            _ => {}
        }
        store.put(marked(1, round)).unwrap();
        look(Duration::from_millis(20));
    }
    while look(SOON) {}
    assert_eq!(
        watch.next(Duration::from_millis(200)).unwrap(),
        None,
        "the last one once"
    );
    assert_eq!(
        seen,
        (1..=ROUNDS).collect::<Vec<_>>(),
        "each once, in order"
    );
}

#[test]
fn a_watch_of_what_etcd_has_forgotten_says_so() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    let fleet = Fleet::open(&Options::new([server.endpoint()])).unwrap();
    let store = fleet.host(&name(1));
    for round in 0..5 {
        store.put(marked(1, round)).unwrap();
    }
    let now = fleet.revision().unwrap();
    let _ = server.ctl(&["compaction", &now.to_string()]);
    let error = fleet.watch(1).next(SOON).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("scan the fleet"), "{error}");
    store.put(marked(1, 9)).unwrap();
    assert_eq!(next(&mut fleet.watch(now)).revision, now + 1);
}

#[test]
fn a_binding_that_cannot_be_read_does_not_end_a_watch() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    let fleet = Fleet::open(&Options::new([server.endpoint()])).unwrap();
    let mut watch = fleet.watch(fleet.revision().unwrap());
    let _ = server.ctl(&["put", "/certbind/v1/web01/x", "y"]);
    fleet.host(&name(1)).insert(marked(1, 1)).unwrap();
    let error = watch.next(SOON).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert_eq!(next(&mut watch).host, name(1));
}

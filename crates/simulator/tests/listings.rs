//! The lists of an enumeration are read once, and are never older than the results of earlier
//! calls.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![expect(unsafe_code, reason = "calls a C interface")]

mod caller;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use caller::{Caller, Function, binding};
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Kind, MemoryStore,
    Result, Scan,
};
use certbind_simulator::Simulator;

type Hook = Box<dyn Fn() + Send + Sync>;

/// A store that reports each operation before and after it.
struct Watched {
    store: MemoryStore,
    has_read: Hook,
    /// For each record of a scan.
    gives: Hook,
    will_write: Hook,
    has_written: Hook,
}

impl Watched {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            has_read: Box::new(|| {}),
            gives: Box::new(|| {}),
            will_write: Box::new(|| {}),
            has_written: Box::new(|| {}),
        }
    }
}

impl BindingStore for Watched {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.store.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let found = self.store.scan(scan);
        (self.has_read)();
        Ok(Bindings::new(found?.inspect(|_| (self.gives)())))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        (self.will_write)();
        let applied = self.store.apply(batch);
        (self.has_written)();
        applied
    }
}

/// A place where two threads meet.
fn meeting() -> Arc<Barrier> {
    Arc::new(Barrier::new(2))
}

/// Meets at one place after the other, the first time; later ones do not wait for it.
fn meets<const N: usize>(places: [&Arc<Barrier>; N]) -> Hook {
    let places = places.map(Arc::clone);
    let met = AtomicBool::new(false);
    Box::new(move || {
        if !met.swap(true, Ordering::Relaxed) {
            for place in &places {
                place.wait();
            }
        }
    })
}

/// A store of 100 records, and how many of them scans have given.
fn counted() -> (Arc<Watched>, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&given);
    let store = Arc::new(Watched {
        gives: Box::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }),
        ..Watched::new()
    });
    for port in 1..=100 {
        store.insert(binding(&format!("0.0.0.0:{port}"))).unwrap();
    }
    (store, given)
}

#[test]
fn enumeration_lists_the_store_once() {
    let (store, given) = counted();
    let simulator = Simulator::new(store.clone());
    let caller = Caller::new(&simulator);
    let enumerate = || (0..).take_while(|index| caller.next(Kind::IpPort, *index) == 122);
    assert_eq!(enumerate().count(), 100);
    assert_eq!(given.load(Ordering::Relaxed), 1 + 100);
    // A change that bypassed the simulator is visible in the next enumeration.
    store.insert(binding("0.0.0.0:1000")).unwrap();
    assert_eq!(enumerate().count(), 101);
    assert_eq!(given.load(Ordering::Relaxed), 1 + 100 + 1 + 101);
    // A change through the simulator, at the next index.
    assert_eq!(caller.next(Kind::IpPort, 100), 122);
    assert_eq!(caller.asks(Function::Delete, &binding("0.0.0.0:1000")), 0);
    assert_eq!(caller.next(Kind::IpPort, 100), 259);
}

#[test]
fn deleting_the_first_record_lists_nothing() {
    let (store, given) = counted();
    let simulator = Simulator::new(store);
    let caller = Caller::new(&simulator);
    for port in 1..=100 {
        assert_eq!(caller.next(Kind::IpPort, 0), 122);
        let first = binding(&format!("0.0.0.0:{port}"));
        assert_eq!(caller.asks(Function::Delete, &first), 0);
    }
    assert_eq!(caller.next(Kind::IpPort, 0), 259);
    assert_eq!(given.load(Ordering::Relaxed), 100);
}

#[test]
fn enumeration_starts_with_a_new_list() {
    let (read, begun) = (meeting(), meeting());
    let store = Arc::new(Watched {
        has_read: meets([&read, &begun]),
        ..Watched::new()
    });
    store.store.insert(binding("ccs=1")).unwrap();
    let simulator = Simulator::new(store.clone());
    let caller = Caller::new(&simulator);
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(Caller::new(&simulator).next(Kind::Ccs, 1), 259));
        read.wait();
        store.store.insert(binding("ccs=2")).unwrap();
        assert_eq!(caller.next(Kind::Ccs, 0), 122);
        begun.wait();
    });
    assert_eq!(caller.next(Kind::Ccs, 1), 122);
}

#[test]
fn queryable_record_is_listed() {
    let (written, looked) = (meeting(), meeting());
    let store = Watched {
        has_written: meets([&written, &looked]),
        ..Watched::new()
    };
    store.store.insert(binding("ccs=1")).unwrap();
    let simulator = Simulator::new(Arc::new(store));
    let caller = Caller::new(&simulator);
    assert_eq!(caller.next(Kind::Ccs, 1), 259, "the list is kept");
    let new = binding("ccs=2");
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(Caller::new(&simulator).asks(Function::Set, &new), 0));
        written.wait();
        let codes = (caller.exact(new.key()), caller.next(Kind::Ccs, 1));
        looked.wait();
        assert_eq!(codes, (122, 122));
    });
}

#[test]
fn set_invalidates_a_list_read_before() {
    let (read, set) = (meeting(), meeting());
    let simulator = Simulator::new(Arc::new(Watched {
        has_read: meets([&read, &set]),
        ..Watched::new()
    }));
    let caller = Caller::new(&simulator);
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(Caller::new(&simulator).next(Kind::Ccs, 1), 259));
        read.wait();
        assert_eq!(caller.asks(Function::Set, &binding("ccs=1")), 0);
        assert_eq!(caller.asks(Function::Set, &binding("ccs=2")), 0);
        set.wait();
    });
    assert_eq!(caller.next(Kind::Ccs, 1), 122);
}

#[test]
fn set_invalidates_a_list_read_during_it() {
    let (begun, read, set) = (meeting(), meeting(), meeting());
    let store = Watched {
        will_write: meets([&begun, &read]),
        has_read: meets([&read, &set]),
        ..Watched::new()
    };
    store.store.insert(binding("ccs=1")).unwrap();
    let simulator = Simulator::new(Arc::new(store));
    thread::scope(|scope| {
        let setting =
            scope.spawn(|| Caller::new(&simulator).asks(Function::Set, &binding("ccs=2")));
        begun.wait();
        scope.spawn(|| assert_eq!(Caller::new(&simulator).next(Kind::Ccs, 1), 259));
        assert_eq!(setting.join().unwrap(), 0);
        set.wait();
    });
    assert_eq!(Caller::new(&simulator).next(Kind::Ccs, 1), 122);
}

#[test]
fn set_invalidates_a_list_read_before_its_write() {
    let (begun, read) = (meeting(), meeting());
    let store = Watched {
        will_write: meets([&begun, &read]),
        ..Watched::new()
    };
    store.store.insert(binding("ccs=1")).unwrap();
    let simulator = Simulator::new(Arc::new(store));
    let caller = Caller::new(&simulator);
    thread::scope(|scope| {
        scope.spawn(|| {
            let code = Caller::new(&simulator).asks(Function::Set, &binding("ccs=2"));
            assert_eq!(code, 0);
        });
        begun.wait();
        let code = caller.next(Kind::Ccs, 1);
        read.wait();
        assert_eq!(code, 259);
    });
    assert_eq!(caller.next(Kind::Ccs, 1), 122);
}

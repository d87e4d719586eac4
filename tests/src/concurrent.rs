//! Many threads on one store: recorded histories are linearizable, keys unique, batches whole.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use proptest::prelude::*;
use store_core::strategy::few_keys;
use store_core::{
    Batch, Binding, BindingKey, BindingStore, Capabilities, CertHash, Change, Expect, Kind, Record,
    StoreError, Uuid,
};

use crate::cases;
use crate::linearizability::{Event, Specification, is_linearizable};
use crate::model::{Answer, Model};
use crate::subject::{Subject, everything};

const THREADS: usize = 8;
const OPERATIONS: usize = 5;
const KEYS: usize = 3;

/// Histories of eight threads are linearizable: reads, batches with preconditions and, where they
/// come from one instant, scans.
///
/// # Panics
/// If one is not; it is printed.
pub fn operations_are_linearizable<S: Subject>() {
    let capabilities = S::new().open().capabilities();
    if !capabilities.writable {
        return;
    }
    let programs = programs(&capabilities);
    cases::check(cases::config::<S>("histories", 24), &programs, |programs| {
        let place = S::new();
        let history = record(&place.open(), &programs);
        prop_assert!(
            is_linearizable::<Store>(Model::default(), &history),
            "{history:#?}"
        );
        Ok(())
    });
}

/// What a thread does next. Values are told apart by their application id, which is that of the
/// operation that wrote them.
#[derive(Clone, Debug)]
enum Operation {
    Get(BindingKey),
    Scan,
    Apply(Batch),
}

#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Got(Option<Binding>),
    Scanned(Vec<Binding>),
    Answered(Answer),
}

struct Store;

impl Specification for Store {
    type State = Model;
    type Operation = Operation;
    type Answer = Seen;

    fn step(model: &Model, operation: &Operation) -> (Model, Seen) {
        let mut model = model.clone();
        let seen = match operation {
            Operation::Get(key) => Seen::Got(model.get(key).cloned()),
            Operation::Scan => Seen::Scanned(model.everything()),
            Operation::Apply(batch) => Seen::Answered(model.apply(batch)),
        };
        (model, seen)
    }
}

/// A program for each thread.
fn programs(capabilities: &Capabilities) -> impl Strategy<Value = Vec<Vec<Operation>>> + use<> {
    let kinds = capabilities.kinds.clone();
    let scans = capabilities.snapshot_scan;
    // Where readers can see a batch half applied, batches of one change are what is linearizable.
    let most = if capabilities.isolated_batch { KEYS } else { 1 };
    let most = capabilities
        .max_batch
        .map_or(most, |limit| most.min(limit.get()));
    let step = (0..10_u8, any::<[u8; KEYS]>(), 1..=most);
    let program = proptest::collection::vec(step, OPERATIONS);
    let keys = proptest::collection::btree_set(few_keys(&kinds), KEYS);
    (keys, proptest::collection::vec(program, THREADS)).prop_map(move |(keys, programs)| {
        let keys: Vec<_> = keys.into_iter().collect();
        let mut id = 0;
        let mut operation = |(what, choices, changes): (u8, [u8; KEYS], usize)| {
            id += 1;
            let key = |i: usize| keys[(usize::from(choices[0]) + i) % KEYS].clone();
            match what {
                0..3 => Operation::Get(key(0)),
                3 if scans => Operation::Scan,
                _ => Operation::Apply(
                    Batch::new((0..changes).map(|i| change(key(i), choices[i], id)))
                        .expect("different keys"),
                ),
            }
        };
        let mut all = Vec::new();
        for program in programs {
            all.push(program.into_iter().map(&mut operation).collect());
        }
        all
    })
}

fn change(key: BindingKey, choice: u8, id: u128) -> Change {
    let value = |id| value(&key, id);
    let expect = match choice % 4 {
        0 => Expect::Absent,
        1 => Expect::Present,
        // The value of an operation shortly before: it may well be there.
        2 => Expect::Exactly(Box::new(value(
            id.saturating_sub(u128::from(choice / 4) % 9),
        ))),
        _ => Expect::Any,
    };
    let becomes = (choice >> 4 != 0).then(|| value(id));
    Change::new(key.clone(), expect, becomes).expect("one key")
}

fn value(key: &BindingKey, id: u128) -> Binding {
    let record = match key.kind().names_certificate() {
        true => Record::new(CertHash::new([1; 20]), None, Uuid::from_u128(id)),
        false => Record::central(Uuid::from_u128(id)),
    };
    Binding::new(key.clone(), record).expect("a record of that kind")
}

/// Runs the programs side by side, and tells who saw what when.
fn record(store: &dyn BindingStore, programs: &[Vec<Operation>]) -> Vec<Event<Operation, Seen>> {
    let clock = AtomicU64::new(0);
    let history = Mutex::new(Vec::new());
    let start = Barrier::new(programs.len());
    thread::scope(|scope| {
        for program in programs {
            let (clock, history, start) = (&clock, &history, &start);
            scope.spawn(move || {
                start.wait();
                for operation in program {
                    let called = clock.fetch_add(1, Ordering::SeqCst);
                    let answer = perform(store, operation);
                    let returned = clock.fetch_add(1, Ordering::SeqCst);
                    let operation = operation.clone();
                    let event = Event {
                        called,
                        returned,
                        operation,
                        answer,
                    };
                    history.lock().expect("no thread panics").push(event);
                }
            });
        }
    });
    history.into_inner().expect("no thread panics")
}

fn perform(store: &dyn BindingStore, operation: &Operation) -> Seen {
    match operation {
        Operation::Get(key) => Seen::Got(store.get(key).expect("get")),
        Operation::Scan => Seen::Scanned(everything(store)),
        Operation::Apply(batch) => Seen::Answered(Answer::of(store.apply(batch))),
    }
}

/// Of threads that insert the same key at the same time, exactly one succeeds, and the others are
/// told what it put there.
///
/// # Panics
/// If it is otherwise.
pub fn keys_are_unique<S: Subject>() {
    let place = S::new();
    let store = place.open();
    let capabilities = store.capabilities();
    if !capabilities.writable {
        return;
    }
    for round in 0..40 * cases::times() {
        let kind = capabilities.kinds[round as usize % capabilities.kinds.len()];
        let key = numbered(kind, 1 + round);
        let start = Barrier::new(THREADS);
        let winners: Vec<u128> = thread::scope(|scope| {
            let threads: Vec<_> = (1..=THREADS as u128)
                .map(|id| {
                    let (store, start, key) = (&store, &start, &key);
                    scope.spawn(move || {
                        start.wait();
                        match store.insert(value(key, id)) {
                            Ok(()) => Some(id),
                            Err(StoreError::AlreadyExists { key: told, .. }) if told == *key => {
                                None
                            }
                            Err(error) => panic!("{error:?}"),
                        }
                    })
                })
                .collect();
            threads
                .into_iter()
                .filter_map(|t| t.join().expect("no thread panics"))
                .collect()
        });
        assert_eq!(
            winners.len(),
            1,
            "{key}: exactly one insert of {THREADS} succeeds"
        );
        assert_eq!(
            store.get(&key).expect("get"),
            Some(value(&key, winners[0])),
            "the winner's"
        );
    }
}

/// A reader never sees a batch half applied, a batch with a failing precondition not at all, and
/// a scan shows each key once and in order whatever is written meanwhile. Where batches are not
/// isolated or scans not snapshots, the weaker half of this is checked.
///
/// # Panics
/// If it is otherwise.
pub fn batches_are_atomic<S: Subject>() {
    let place = S::new();
    let store = place.open();
    let capabilities = store.capabilities();
    let most = capabilities.max_batch.map_or(16, |most| most.get().min(16));
    if !capabilities.writable || most < 2 {
        return;
    }
    let kinds = capabilities.kinds.iter().copied().cycle();
    let keys: Vec<_> = kinds
        .take(most)
        .zip(1..)
        .map(|(kind, n)| numbered(kind, n))
        .collect();
    let all = |id| {
        keys.iter()
            .map(|key| Change::put(value(key, id)))
            .collect::<Vec<_>>()
    };
    store
        .apply(&Batch::new(all(0)).expect("each key once"))
        .expect("apply");

    let over = AtomicBool::new(false);
    let scans = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _over = Over(&over);
            // Until the readers have looked often enough, or are gone.
            let enough =
                |id| id > 60 * u128::from(cases::times()) && scans.load(Ordering::SeqCst) >= 40;
            for id in (1..).take_while(|id| !enough(*id)) {
                let mut changes = all(id);
                let fails = id % 3 == 0;
                if fails {
                    let middle = keys.len() / 2;
                    changes[middle] = Change::insert(value(&keys[middle], id));
                }
                let result = store.apply(&Batch::new(changes).expect("each key once"));
                assert_eq!(result.is_err(), fails, "{result:?}");
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let _gone = Gone(&scans);
                let mut last = 0;
                while !over.load(Ordering::SeqCst) {
                    let seen = everything(&store);
                    scans.fetch_add(1, Ordering::SeqCst);
                    let found: Vec<_> = seen.iter().map(|b| b.key().clone()).collect();
                    assert!(found.is_sorted_by(|a, b| a < b), "each key once, in order");
                    let ids: BTreeSet<u128> =
                        seen.iter().map(|b| b.record().app_id.as_u128()).collect();
                    assert!(
                        ids.iter().all(|id| id % 3 != 0 || *id == 0),
                        "a failed batch: {ids:?}"
                    );
                    if capabilities.isolated_batch && capabilities.snapshot_scan {
                        assert_eq!(found.len(), keys.len(), "the scan has every key");
                        assert_eq!(ids.len(), 1, "a batch was seen half applied: {ids:?}");
                        let id = *ids.first().expect("one");
                        assert!(id >= last, "time goes back: {last}, then {id}");
                        last = id;
                    }
                }
            });
        }
    });
    // Where a batch's halves can be seen, the end at least is whole.
    let ids: BTreeSet<_> = everything(&store)
        .iter()
        .map(|b| b.record().app_id)
        .collect();
    assert_eq!(ids.len(), 1, "the last batch is there whole: {ids:?}");
}

/// Tells the readers that the writer is gone, however it went.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Keeps the writer from waiting for a reader that is gone, however it went.
struct Gone<'a>(&'a AtomicU64);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1_000, Ordering::SeqCst);
    }
}

/// The `n`-th key of a kind, for tests that need many.
pub(crate) fn numbered(kind: Kind, n: u32) -> BindingKey {
    let port = 1 + n % 60_000;
    let value = match kind {
        Kind::IpPort => format!("10.{}.0.{}:{port}", n / 250, 1 + n % 250),
        Kind::Sni | Kind::ScopedCcs => format!("host{n}.example:{port}"),
        Kind::Ccs => port.to_string(),
    };
    BindingKey::parse_as(kind, &value).expect("a key")
}

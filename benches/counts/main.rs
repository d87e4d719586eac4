//! Runs a hot operation so many times, for valgrind to count its instructions: `counts OPERATION
//! TIMES`. Without arguments it lists the operations, and how many times are enough. `cargo xtask
//! bench counts` takes the difference between two numbers of times, so that the work before and
//! after is not counted.

#![allow(clippy::unwrap_used, reason = "a count of what failed is no count")]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;

use certbind_core::codec::{decode_binding, encode_binding};
use certbind_core::{Batch, Binding, BindingStore, CertHash, Change, Record, Scan, Uuid};
use certbind_formats::netsh::Release;
use certbind_formats::{Export, ReadOptions, netsh};
use certbind_httpsys::HttpSysStore;
use certbind_redb::{ReadMode, RedbBuilder, RedbStore};
use certbind_simulator::Simulator;
use tempfile::TempDir;

/// How many bindings the stores contain.
const BINDINGS: u32 = 10_000;

/// An operation: its name, a sufficient number of repetitions (hashes are salted, and so is the
/// work before it), and a function that repeats it. A scan, an import and a listing count for each
/// binding.
type Operation = (&'static str, u32, fn(u32));

const OPERATIONS: [Operation; 12] = [
    ("decode", 10_000, decode),
    ("get-in-memory", 200_000, |times| get(&in_memory(), times)),
    ("get-from-file", 10_000, |times| {
        get(&RedbStore::builder().row_cache_entries(0), times);
    }),
    ("get-row-cache", 200_000, |times| {
        get(&RedbStore::builder(), times);
    }),
    ("scan-in-memory", 100 * BINDINGS, |times| {
        scan(&in_memory(), times);
    }),
    ("scan-file", BINDINGS, |times| {
        scan(&RedbStore::builder(), times);
    }),
    ("put", 1_000, put),
    ("import", 100_000, |times| {
        import(&RedbStore::builder(), times);
    }),
    ("import-in-memory", 100_000, |times| {
        import(&in_memory(), times);
    }),
    ("apply", 100_000, apply),
    ("query-api", 100_000, query),
    ("read-netsh", 200, read_netsh),
];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [name, times] = arguments.as_slice() else {
        for (name, times, _) in OPERATIONS {
            println!("{name} {times}");
        }
        return ExitCode::SUCCESS;
    };
    let operation = OPERATIONS.iter().find(|(known, ..)| known == name);
    match (operation, times.parse()) {
        (Some((.., operation)), Ok(times)) => {
            operation(times);
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("counts [OPERATION TIMES]");
            ExitCode::from(2)
        }
    }
}

fn binding(n: u32) -> Binding {
    let key = format!("10.{}.{}.{}:443", n >> 16, n >> 8 & 255, n & 255);
    let store = Some("MY".parse().unwrap());
    let record = Record::new(CertHash::new([7; 20]), store, Uuid::nil());
    Binding::new(key.parse().unwrap(), record).unwrap()
}

/// A file with bindings, and the folder that it is in.
fn file(builder: &RedbBuilder) -> (RedbStore, TempDir) {
    let (store, folder) = empty(builder);
    load(&store, BINDINGS);
    (store, folder)
}

fn empty(builder: &RedbBuilder) -> (RedbStore, TempDir) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("bindings.redb");
    (builder.open(path).unwrap(), folder)
}

fn in_memory() -> RedbBuilder {
    RedbStore::builder().read_mode(ReadMode::InMemory)
}

fn load(store: &RedbStore, count: u32) {
    let mut changes = (0..count).map(|n| Ok(Change::insert(binding(n))));
    assert_eq!(store.bulk_load(&mut changes).unwrap(), u64::from(count));
}

/// Some number or other below `BINDINGS`, the same in each run.
fn some(n: u32) -> u32 {
    n.wrapping_mul(7_919) % BINDINGS
}

fn decode(times: u32) {
    let binding = binding(1);
    let bytes = encode_binding(&binding);
    for _ in 0..times {
        black_box(decode_binding(binding.key().clone(), black_box(&bytes)).unwrap());
    }
}

fn get(builder: &RedbBuilder, times: u32) {
    let (store, _folder) = file(builder);
    let keys: Vec<_> = (0..BINDINGS).map(|n| binding(n).key().clone()).collect();
    for n in 0..times {
        black_box(store.get(&keys[some(n) as usize]).unwrap().unwrap());
    }
}

fn scan(builder: &RedbBuilder, times: u32) {
    let (store, _folder) = file(builder);
    for _ in 0..times / BINDINGS {
        let bindings = store.scan(&Scan::all()).unwrap().map(Result::unwrap);
        assert_eq!(bindings.map(black_box).count(), BINDINGS as usize);
    }
}

fn put(times: u32) {
    let (store, _folder) = file(&RedbStore::builder());
    for n in 0..times {
        store.put(binding(some(n))).unwrap();
    }
}

fn import(builder: &RedbBuilder, times: u32) {
    let (store, _folder) = empty(builder);
    load(&store, times);
}

fn apply(times: u32) {
    let (store, _folder) = empty(&RedbStore::builder());
    let changes = (0..times).map(|n| Change::insert(binding(n)));
    store.apply(&Batch::new(changes).unwrap()).unwrap();
}

fn query(times: u32) {
    let (store, folder) = file(&in_memory());
    let journal = folder.path().to_owned();
    let simulator = Arc::new(Simulator::new(Arc::new(store)));
    let api = HttpSysStore::builder(simulator)
        .journal(journal)
        .open()
        .unwrap();
    let keys: Vec<_> = (0..BINDINGS).map(|n| binding(n).key().clone()).collect();
    for n in 0..times {
        black_box(api.get(&keys[some(n) as usize]).unwrap().unwrap());
    }
}

fn read_netsh(times: u32) {
    let export = Export {
        bindings: (0..times).map(binding).collect(),
        ..Export::default()
    };
    let mut listing = Vec::new();
    netsh::write(&mut listing, &export, &Release::default().layout()).unwrap();
    let reading = certbind_formats::read(&listing, &ReadOptions::default()).unwrap();
    assert_eq!(reading.export.bindings.len(), times as usize);
}

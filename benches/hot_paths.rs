//! The hot paths, each on its own: `cargo bench --package certbind-benches`. Compare runs of one machine
//! only, and quote ratios.

#![allow(clippy::unwrap_used)]

use certbind_core::codec::{decode_binding, encode_binding};
use certbind_core::{
    Batch, Binding, BindingStore, CertHash, Change, MemoryStore, Record, Scan, Uuid,
};
use certbind_formats::netsh::Release;
use certbind_formats::{Export, ReadOptions, netsh};
use certbind_redb::{RedbBuilder, RedbStore};
use divan::{Bencher, black_box};
use tempfile::TempDir;

const SIZES: [u32; 2] = [1_000, 10_000];

fn main() {
    divan::main();
}

fn binding(n: u32) -> Binding {
    let key = format!("10.{}.{}.{}:443", n >> 16, n >> 8 & 255, n & 255);
    let record = Record::new(
        CertHash::new([7; 20]),
        Some("MY".parse().unwrap()),
        Uuid::nil(),
    );
    Binding::new(key.parse().unwrap(), record).unwrap()
}

fn batch(size: u32) -> Batch {
    Batch::new((0..size).map(|n| Change::put(binding(n)))).unwrap()
}

/// A file with so many bindings, and the folder that it is in.
fn file(size: u32) -> (RedbStore, TempDir) {
    opened(&RedbStore::builder(), size)
}

fn opened(builder: &RedbBuilder, size: u32) -> (RedbStore, TempDir) {
    let folder = TempDir::new().unwrap();
    let store = builder.open(folder.path().join("bindings.redb")).unwrap();
    store.apply(&batch(size)).unwrap();
    (store, folder)
}

#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let binding = binding(1);
    bencher.bench(|| encode_binding(black_box(&binding)));
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let bytes = encode_binding(&binding(1));
    bencher.bench(|| decode_binding(binding(1).key().clone(), black_box(&bytes)));
}

#[divan::bench(args = SIZES)]
fn get_from_file(bencher: Bencher<'_, '_>, size: u32) {
    let (store, _folder) = opened(&RedbStore::builder().row_cache_entries(0), size);
    let key = binding(size / 2).key().clone();
    bencher.bench(|| store.get(black_box(&key)).unwrap());
}

#[divan::bench(args = SIZES)]
fn get_from_row_cache(bencher: Bencher<'_, '_>, size: u32) {
    let (store, _folder) = file(size);
    let key = binding(size / 2).key().clone();
    bencher.bench(|| store.get(black_box(&key)).unwrap());
}

#[divan::bench(args = SIZES)]
fn get_from_memory(bencher: Bencher<'_, '_>, size: u32) {
    let store = MemoryStore::new();
    store.apply(&batch(size)).unwrap();
    let key = binding(size / 2).key().clone();
    bencher.bench(|| store.get(black_box(&key)).unwrap());
}

#[divan::bench(args = SIZES)]
fn scan_redb(bencher: Bencher<'_, '_>, size: u32) {
    let (store, _folder) = file(size);
    bencher.bench(|| store.scan(&Scan::all()).unwrap().count());
}

#[divan::bench]
fn put_into_redb(bencher: Bencher<'_, '_>) {
    let (store, _folder) = file(1_000);
    bencher.bench(|| store.put(binding(500)).unwrap());
}

#[divan::bench(threads = [16])]
fn put_into_redb_by_many(bencher: Bencher<'_, '_>) {
    let (store, _folder) = file(1_000);
    bencher.bench(|| store.put(binding(500)).unwrap());
}

#[divan::bench(args = SIZES)]
fn import_into_redb(bencher: Bencher<'_, '_>, size: u32) {
    let bindings: Vec<_> = (0..size).map(binding).collect();
    bencher.bench(|| {
        let folder = TempDir::new().unwrap();
        let store = RedbStore::open(folder.path().join("bindings.redb")).unwrap();
        let changes = bindings.iter().cloned().map(Change::put).map(Ok);
        store.bulk_load(&mut { changes }).unwrap()
    });
}

#[divan::bench(args = SIZES)]
fn read_a_netsh_listing(bencher: Bencher<'_, '_>, size: u32) {
    let export = Export {
        bindings: (0..size).map(binding).collect(),
        ..Export::default()
    };
    let mut listing = Vec::new();
    netsh::write(&mut listing, &export, &Release::default().layout()).unwrap();
    bencher.bench(|| certbind_formats::read(black_box(&listing), &ReadOptions::default()).unwrap());
}

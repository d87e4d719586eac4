//! The memory that a bulk load takes: as much as the page cache, for any number of changes.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use certbind_core::{Batch, Binding, BindingStore, CertHash, Change, Record, Uuid};
use certbind_redb::RedbStore;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;

fn binding(number: u32) -> Binding {
    let store = Some("MY".parse().unwrap());
    let record = Record::new(CertHash::new([7; 20]), store, Uuid::nil());
    let [a, b, c, d] = (0x0a00_0000 + number).to_be_bytes();
    Binding::new(format!("{a}.{b}.{c}.{d}:443").parse().unwrap(), record).unwrap()
}

/// The peak of allocated bytes during `work`, less the bytes allocated before.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    work();
    ALLOCATED.peak_usage() - before
}

#[test]
fn bulk_load_memory_is_bounded() {
    const FEW: u32 = 40_000;
    const MANY: u32 = 200_000;
    let directory = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let options = RedbStore::builder().cache_size(2 * MIB);
        options.open(directory.path().join(name)).unwrap()
    };
    let changes = |many| (0..many).map(|number| Change::insert(binding(number)));
    let loaded = |many: u32| {
        let store = open(&many.to_string());
        let peak = peak_of(|| {
            let loaded = store.bulk_load(&mut changes(many).map(Ok)).unwrap();
            assert_eq!(loaded, u64::from(many));
        });
        assert_eq!(store.check().unwrap().bindings, u64::from(many));
        peak
    };
    let (few, many) = (loaded(FEW), loaded(MANY));
    assert!(many < 8 * MIB && many < few + 2 * MIB, "{few}, {many}");
    // A reference value, which also shows that allocations are counted.
    let applied = peak_of(|| {
        let batch = Batch::new(changes(MANY)).unwrap();
        open("applied").apply(&batch).unwrap();
    });
    assert!(applied > 4 * many, "{applied}, {many}");
}

//! The memory that snapshots take: one chunk, for any length of the file and any length fields in
//! it.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{self, BufReader, Read};

use allocation_counter::measure;
use certbind_core::{Binding, CertHash, Record, Uuid};
use certbind_formats::hive::LogFile;
use certbind_formats::netsh::{self, Listing, Release};
use certbind_formats::snapshot::{Reader, Writer, verify};
use certbind_formats::{Header, ReadOptions, read, read_owned, snapshot};
use certbind_test_support::hive::log::{PAGE, dirty, entry, log};
use certbind_test_support::hive::{BINARY, binding as binding_key, file, key, system};

const KIB: u64 = 1024;

fn binding(number: u32) -> Binding {
    let store = Some("MY".parse().unwrap());
    let record = Record::new(CertHash::new([7; 20]), store, Uuid::nil());
    let [a, b, c, d] = (0x0a00_0000 + number).to_be_bytes();
    Binding::new(format!("{a}.{b}.{c}.{d}:443").parse().unwrap(), record).unwrap()
}

#[test]
fn snapshot_needs_the_memory_of_a_chunk() {
    const BINDINGS: u32 = 30_000;
    let mut file = Vec::new();
    let written = measure(|| {
        let out = Untracked(&mut file);
        let mut writer = Writer::new(out, &Header::default(), None).unwrap();
        (0..BINDINGS).for_each(|number| writer.push(&binding(number)).unwrap());
        writer.finish().unwrap();
    });
    assert!(file.len() as u64 > 1700 * KIB, "{}", file.len());
    assert!(written.bytes_max < 200 * KIB, "{written:?}");
    let read = measure(|| {
        let reader = Reader::new(file.as_slice()).unwrap();
        assert!(reader.map(Result::unwrap).eq((0..BINDINGS).map(binding)));
    });
    assert!(read.bytes_max < 200 * KIB, "{read:?}");
}

#[test]
fn listing_needs_the_memory_of_a_record() {
    const BINDINGS: u32 = 20_000;
    let layout = Release::Server2022.layout();
    let mut text = Vec::new();
    let printed = measure(|| {
        let mut writer = netsh::Writer::new(Untracked(&mut text), &layout).unwrap();
        (0..BINDINGS).for_each(|number| writer.push(&binding(number)).unwrap());
        writer.finish().unwrap();
    });
    assert!(printed.bytes_max < 20 * KIB, "{printed:?}");
    assert!(text.len() as u64 > 20_000 * KIB, "{}", text.len());
    // As of a file.
    let open = || Ok(BufReader::new(text.as_slice()));
    let read = measure(|| {
        let listing = Listing::prescan(open, &ReadOptions::default()).unwrap();
        let listing = listing.unwrap();
        let bindings = listing.bindings(open().unwrap()).unwrap();
        let bindings = bindings.map(|record| record.unwrap().binding);
        assert!(bindings.eq((0..BINDINGS).map(binding)));
    });
    // The table of labels takes some 150 KiB, for any length of the listing.
    assert!(read.bytes_max < 250 * KIB, "{read:?}");
}

#[test]
fn unsorted_listing_needs_the_memory_of_its_bindings() {
    const BINDINGS: u32 = 3_000;
    let layout = Release::Server2022.layout();
    let layout = layout.with_encoding("utf-16le+bom".parse().unwrap());
    let mut text = Vec::new();
    let mut writer = netsh::Writer::new(&mut text, &layout).unwrap();
    let scattered = |number: u32| number * 7_919 % BINDINGS;
    (0..BINDINGS).for_each(|number| writer.push(&binding(scattered(number))).unwrap());
    writer.finish().unwrap();
    assert!(text.len() as u64 > 7_000 * KIB, "{}", text.len());
    let open = || Ok(BufReader::new(text.as_slice()));
    let read = measure(|| {
        let listing = Listing::prescan(open, &ReadOptions::default()).unwrap();
        let listing = listing.unwrap();
        assert_eq!(listing.layout().unwrap().order().len(), BINDINGS as usize);
        let lost = |warning| panic!("{warning}");
        let bindings = listing.sorted_bindings(open().unwrap(), lost).unwrap();
        assert!(bindings.map(Result::unwrap).eq((0..BINDINGS).map(binding)));
    });
    assert!(read.bytes_max < 1_500 * KIB, "{read:?}");
}

#[test]
fn skipped_records_need_no_memory() {
    const BINDINGS: u32 = 2_000;
    let layout = Release::Server2022.layout();
    let mut text = Vec::new();
    let mut writer = netsh::Writer::new(&mut text, &layout).unwrap();
    (0..BINDINGS).for_each(|number| writer.push(&binding(number)).unwrap());
    writer.finish().unwrap();
    let twice = text.repeat(2);
    let open = || Ok(BufReader::new(twice.as_slice()));
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let read = measure(|| {
        let listing = Listing::prescan(open, &options).unwrap().unwrap();
        // The first thousand, and their number.
        assert!(listing.is_sorted() && listing.errors().len() == 1_001);
        assert_eq!(listing.errors()[1_000].to_string(), "1000 more errors");
        let bindings = listing.bindings(open().unwrap()).unwrap();
        assert_eq!(bindings.map(Result::unwrap).count(), BINDINGS as usize);
    });
    assert!(read.bytes_max < 1_200 * KIB, "{read:?}");
}

/// The logs are replayed in the bytes of the hive, and all of them may be changed.
#[test]
fn replay_of_logs_needs_no_copy_of_the_hive() {
    let family = (0..600).fold(key("SslBindingInfo"), |family, number| {
        let port = 1_000 + number;
        family.key(binding_key(&format!("0.0.0.0:{port}")).value("Other", BINARY, &[7; 4_000]))
    });
    let hive = file(&system(vec![family]));
    let pages: Vec<_> = hive[PAGE..].chunks(PAGE).enumerate().collect();
    let entries = pages.chunks(64).zip(8..).map(|(pages, number)| {
        let pages = pages.iter().map(|(at, page)| (at * PAGE, page.to_vec()));
        entry(number, hive.len() - PAGE, &pages.collect::<Vec<_>>())
    });
    let dirty = dirty(&hive, 9, 8);
    let options = ReadOptions {
        logs: vec![LogFile::new(
            "LOG1",
            log(&dirty, &entries.collect::<Vec<_>>()),
        )],
        ..ReadOptions::default()
    };
    let length = dirty.len() as u64;
    assert!(length > 2_400 * KIB, "{length}");
    let borrowed = measure(|| {
        let reading = read(&dirty, &options).unwrap();
        assert_eq!(reading.export.bindings.len(), 600);
    });
    let owned = measure(|| {
        let reading = read_owned(dirty, &options).unwrap();
        assert_eq!(reading.export.bindings.len(), 600);
        assert!(reading.recovery.unwrap().is_complete());
    });
    assert!(borrowed.bytes_max > length, "{borrowed:?}");
    assert!(owned.bytes_max < length / 2, "{owned:?}");
}

/// The output is not counted as the writer's memory.
struct Untracked<'a>(&'a mut Vec<u8>);

impl io::Write for Untracked<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        allocation_counter::opt_out(|| self.0.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn claimed_length_is_not_allocated() {
    let mut small = Vec::new();
    snapshot::write(&mut small, &certbind_formats::Export::default()).unwrap();
    // The length of the first chunk.
    for claimed in [64 * 1024, 128 * 1024, 1 << 20, 1 << 30, u32::MAX] {
        let mut file = small.clone();
        file[17..21].copy_from_slice(&claimed.to_le_bytes());
        let refused = measure(|| assert!(verify(file.as_slice()).is_err()));
        assert!(refused.bytes_max < 4 * KIB, "{claimed}: {refused:?}");
        // As much as there is, and no more, where there is no end.
        let endless = file.as_slice().chain(io::repeat(b'x'));
        let refused = measure(|| assert!(verify(endless).is_err()));
        assert!(refused.bytes_max < 512 * KIB, "{claimed}: {refused:?}");
    }
}

//! Hives that were damaged or made to do harm: never a panic, and never more work or memory than
//! their size accounts for.

use std::error::Error;
use std::io::Cursor;
use std::time::{Duration, Instant};

use certbind_formats::hive::{FileError, read_from};
use certbind_formats::{Format, ReadError, ReadOptions, read};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::fixture;
use crate::listings::cases;
use certbind_test_support::hive::{List, Node, binding, file, file_in_bins, key, sign, system};

fn both_ways(file: &[u8]) {
    let _ = read(file, &ReadOptions::default());
    let options = ReadOptions {
        format: Some(Format::Hive),
        keep_going: true,
        ..ReadOptions::default()
    };
    let reading = read(file, &options);
    let in_parts = read_from(Cursor::new(file), &options);
    let in_parts = in_parts.map_err(|error| match error {
        FileError::Read(error) => error,
        error => panic!("{error}"),
    });
    assert!(reading == in_parts, "{reading:?}, in parts {in_parts:?}");
    if let Ok(reading) = reading {
        // Each takes bytes of the file.
        let printed = reading.warnings.len() + reading.errors.len() + reading.export.bindings.len();
        assert!(printed <= file.len() / 4 + 4);
    }
}

/// A hive with lists of every kind, data in segments, and names in UTF-16.
fn varied() -> Vec<u8> {
    file(&varied_root())
}

fn varied_root() -> Node {
    let long = "x".repeat(9_000);
    let families = vec![
        Node {
            keys: (1..8)
                .map(|port| binding(&format!("0.0.0.0:{port}")))
                .collect(),
            ..key("SslBindingInfo").listed(List::Ri)
        },
        key("SslSniBindingInfo")
            .listed(List::Lf)
            .key(binding("{1}").text("HostnamePort", "a.example:443").wide())
            .key(binding("b.example:443").text("DefaultSslCtlIdentifier", &long)),
        key("SslCcsBindingInfo")
            .listed(List::Li)
            .key(key("0.0.0.0:443").dword("DefaultFlags", 2)),
    ];
    system(families)
}

/// The places of a hive that are worth changing: all but most of those that the reader ignores.
fn places(hive: &[u8]) -> impl Iterator<Item = usize> {
    let is_long =
        |at: usize| hive[at..].starts_with(b"x\0x\0x\0x\0") || hive[at..].starts_with(&[0; 8]);
    (0..hive.len()).filter(move |at| !is_long(*at) || at % 211 == 0)
}

#[test]
fn error_of_a_cell_is_a_source() {
    let mut hive = varied();
    let value = hive.windows(2).rposition(|bytes| bytes == b"vk").unwrap();
    hive[value] = b'x';
    let error = match read(&hive, &ReadOptions::default()).unwrap_err() {
        ReadError::Broken(mut errors) => errors.remove(0),
        ReadError::Malformed(error) => error,
        error => panic!("{error}"),
    };
    let source = error.source().expect("the cell's error").to_string();
    assert!(source.starts_with("cell 0x"), "{source}");
    assert!(error.what.ends_with(&source), "{error}");
}

#[test]
fn no_changed_byte_makes_the_reader_fail() {
    let mut count = 0;
    let in_bins = file_in_bins(&varied_root());
    for hive in [varied(), in_bins, fixture("hivex.hive")] {
        let mut changed = hive.clone();
        for at in places(&hive).filter(|at| at % 5 == 0) {
            changed[at] ^= 1 << (at / 5 % 8);
            both_ways(&changed);
            changed[at] = hive[at];
            count += 1;
        }
    }
    assert!(count > 2000, "{count}");
}

#[test]
fn no_changed_word_makes_the_reader_fail() {
    let hive = varied();
    let length = u32::try_from(hive.len()).unwrap();
    let words = [0x8000_0004, u32::MAX, length - 4104];
    let mut changed = hive.clone();
    for at in places(&hive).filter(|at| at % 4 == 0 && at + 4 <= hive.len()) {
        for word in words {
            changed[at..at + 4].copy_from_slice(&word.to_le_bytes());
            both_ways(&changed);
        }
        changed[at..at + 4].copy_from_slice(&hive[at..at + 4]);
    }
}

#[test]
fn no_cut_makes_the_reader_fail() {
    let hive = fixture("hivex.hive");
    for length in (0..hive.len()).step_by(13).chain(4000..4200) {
        both_ways(&hive[..length]);
        // A first block whose length field fits the truncated file.
        let mut cut = hive[..length].to_vec();
        if length >= 4096 {
            let bins = u32::try_from(length - 4096).unwrap();
            cut[40..44].copy_from_slice(&bins.to_le_bytes());
            sign(&mut cut);
            both_ways(&cut);
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn nothing_makes_the_reader_fail(
        changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..40),
        moves in proptest::collection::vec((any::<Index>(), any::<Index>(), select(vec![4, 8, 80])), 0..6),
    ) {
        let mut hive = varied();
        for (at, value) in changes {
            let at = at.index(hive.len());
            hive[at] = value;
        }
        for (from, to, length) in moves {
            let (from, to) = (from.index(hive.len() / 4 - 20) * 4, to.index(hive.len() / 4 - 20) * 4);
            hive.copy_within(from..from + length, to);
        }
        both_ways(&hive);
    }

    #[test]
    fn bytes_of_any_kind_are_no_hive_or_a_broken_one(
        bytes in proptest::collection::vec(any::<u8>(), 0..9000),
    ) {
        let mut hive = b"regf".to_vec();
        hive.extend(bytes);
        both_ways(&hive);
    }
}

/// Consecutive cells, for hives that no builder would make.
struct Cells(Vec<u8>);

impl Cells {
    fn add(&mut self, data: &[u8]) -> u32 {
        let at = self.0.len();
        let length = (data.len() + 4).next_multiple_of(8);
        let size = i32::try_from(length).unwrap();
        self.0.extend((-size).to_le_bytes());
        self.0.extend(data);
        self.0.resize(at + length, 0);
        u32::try_from(at).unwrap()
    }

    fn key(&mut self, name: &str, keys: (u32, u32)) -> u32 {
        let mut data = vec![0; 76];
        data[..4].copy_from_slice(b"nk\x20\0");
        data[20..24].copy_from_slice(&keys.0.to_le_bytes());
        data[28..32].copy_from_slice(&keys.1.to_le_bytes());
        data[72..74].copy_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        data.extend(name.as_bytes());
        self.add(&data)
    }

    fn list(&mut self, signature: &[u8; 2], elements: &[u32]) -> u32 {
        let mut data = signature.to_vec();
        data.extend(u16::try_from(elements.len()).unwrap().to_le_bytes());
        data.extend(elements.iter().flat_map(|element| element.to_le_bytes()));
        self.add(&data)
    }

    /// The way from the root to these keys under HTTP.sys's, as a file.
    fn file(mut self, families: (u32, u32)) -> Vec<u8> {
        let mut under = families;
        for name in ["Parameters", "HTTP", "Services", "ControlSet001"] {
            let key = self.key(name, under);
            under = (1, self.list(b"li", &[key]));
        }
        let root = self.key("ROOT", under);
        let mut bins = self.0;
        bins.resize(bins.len().next_multiple_of(4096), 0);
        let length = u32::try_from(bins.len()).unwrap();
        bins[..4].copy_from_slice(b"hbin");
        bins[8..12].copy_from_slice(&length.to_le_bytes());
        let mut hive = vec![0; 4096];
        hive[..4].copy_from_slice(b"regf");
        for (at, word) in [(20, 1), (24, 5), (36, root), (40, length)] {
            hive[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
        }
        sign(&mut hive);
        hive.extend(bins);
        hive
    }
}

#[track_caller]
fn quickly(hive: &[u8]) {
    let start = Instant::now();
    both_ways(hive);
    let took = start.elapsed();
    assert!(
        took < Duration::from_secs(5),
        "{} bytes took {took:?}",
        hive.len()
    );
}

#[test]
fn lists_that_share_their_lists_take_no_longer() {
    let mut cells = Cells(vec![0; 32]);
    let leaf = [cells.key("0.0.0.0:1", (0, 0)); 60_000];
    let leaf = cells.list(b"li", &leaf);
    let root = cells.list(b"ri", &[leaf; 60_000]);
    let families: Vec<_> = (0..200)
        .map(|_| cells.key("SslBindingInfo", (u32::MAX, root)))
        .collect();
    let families = cells.list(b"li", &families);
    quickly(&cells.file((200, families)));
}

#[test]
fn keys_that_share_their_lists_take_no_longer() {
    let mut cells = Cells(vec![0; 32]);
    let leaves: Vec<_> = (0..20_000).map(|_| cells.list(b"li", &[])).collect();
    let root = cells.list(b"ri", &leaves);
    let bindings: Vec<_> = (0..20_000)
        .map(|_| cells.key("0.0.0.0:1", (1, root)))
        .collect();
    let bindings = cells.list(b"li", &bindings);
    let family = cells.key("SslBindingInfo", (20_000, bindings));
    let families = cells.list(b"li", &[family]);
    quickly(&cells.file((1, families)));
}

#[test]
fn roots_of_roots_are_refused() {
    let mut cells = Cells(vec![0; 32]);
    let mut root = cells.list(b"ri", &[]);
    for _ in 0..60_000 {
        root = cells.list(b"ri", &[root]);
    }
    let family = cells.key("SslBindingInfo", (1, root));
    let families = cells.list(b"li", &[family]);
    let hive = cells.file((1, families));
    quickly(&hive);
    let error = read(&hive, &ReadOptions::default()).unwrap_err();
    assert!(
        error.to_string().ends_with("this is not a list of keys"),
        "{error}"
    );
}

#[test]
fn values_that_share_their_data_take_no_more_memory() {
    let mut cells = Cells(vec![0; 32]);
    let data = cells.add(&vec![0x41; 1 << 20]);
    let mut head = b"vk\x17\0".to_vec();
    for word in [1 << 20, data, 1, 1] {
        head.extend(u32::to_le_bytes(word));
    }
    head.extend(b"DefaultSslCtlIdentifier");
    let value = cells.add(&head);
    let bindings: Vec<_> = (0..5000)
        .map(|_| {
            let again = cells.add(&head);
            let list = cells.add(&[again.to_le_bytes(), value.to_le_bytes()].concat());
            let mut key = vec![0; 76];
            key[..4].copy_from_slice(b"nk\x20\0");
            key[36..40].copy_from_slice(&2_u32.to_le_bytes());
            key[40..44].copy_from_slice(&list.to_le_bytes());
            cells.add(&key)
        })
        .collect();
    let bindings = cells.list(b"li", &bindings);
    let family = cells.key("SslBindingInfo", (5000, bindings));
    let families = cells.list(b"li", &[family]);
    quickly(&cells.file((1, families)));
}

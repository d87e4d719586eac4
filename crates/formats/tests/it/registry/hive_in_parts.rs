//! Hives of which only the parts are read that bindings need: the same result as of all bytes, for less
//! work, and an error wherever a needed part is damaged or cannot be read.

use std::cell::Cell;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use certbind_formats::hive::{FileError, is_clean, read_from};
use certbind_formats::{ReadOptions, ReadOutcome, read};
use certbind_test_support::hive::{
    BINARY, List, Node, binding, file, file_in_bins, key, place_of, sign, system,
};

use crate::listings::keys;

const PAGE: usize = 4096;

/// A hive whose bindings are a small part of it.
fn root() -> Node {
    let family = Node {
        keys: (1..40)
            .map(|port| binding(&format!("0.0.0.0:{port}")).dword("DefaultFlags", 2))
            .collect(),
        ..key("SslBindingInfo")
    };
    let mut root = system(vec![family]);
    let set = &mut root.keys[1];
    let services = set.keys.iter_mut().find(|key| key.name == "Services");
    let service = |number: usize| {
        let values = (0..40).map(|value| (format!("Value{value}"), BINARY, vec![0x41; 90]));
        Node {
            values: values.collect(),
            ..key(&format!("Service{number:03}"))
        }
    };
    services.unwrap().keys.splice(1..1, (0..200).map(service));
    root
}

fn in_parts(file: impl Read + Seek) -> Result<ReadOutcome, FileError> {
    read_from(file, &ReadOptions::default())
}

fn of_bytes(hive: &[u8]) -> ReadOutcome {
    read(hive, &ReadOptions::default()).unwrap()
}

/// A file that counts the bytes read, with a page that cannot be read.
struct Disk<'a> {
    file: Cursor<&'a [u8]>,
    bad: Option<usize>,
    count: &'a Cell<usize>,
}

impl Read for Disk<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(self.file.position()).unwrap();
        let pages = start / PAGE..(start + buffer.len()).div_ceil(PAGE);
        if self.bad.is_some_and(|bad| pages.contains(&bad)) {
            return Err(io::Error::other("a bad sector"));
        }
        let read = self.file.read(buffer)?;
        self.count.set(self.count.get() + read);
        Ok(read)
    }
}

impl Seek for Disk<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn a_small_part_of_a_hive_is_read() {
    for hive in [file(&root()), file_in_bins(&root())] {
        let count = Cell::new(0);
        let disk = Disk {
            file: Cursor::new(&hive),
            bad: None,
            count: &count,
        };
        let reading = in_parts(disk).unwrap();
        assert_eq!(reading, of_bytes(&hive));
        assert_eq!(reading.export.bindings.len(), 39);
        let (count, length) = (count.get(), hive.len());
        println!("{count} of {length} bytes were read");
        // In one bin the headers before a cell are sought.
        let is_small = count < length / 6;
        assert_eq!(
            is_small,
            hive[PAGE + 8..][..4] == [0, 0x10, 0, 0],
            "{count} of {length}"
        );
    }
}

#[test]
fn an_unreadable_page_is_an_error_where_bindings_need_it() {
    let hive = file_in_bins(&root());
    let whole = of_bytes(&hive);
    let (mut failed, mut read) = (0, 0);
    for bad in 0..hive.len() / PAGE {
        let disk = Disk {
            file: Cursor::new(&hive),
            bad: Some(bad),
            count: &Cell::new(0),
        };
        match in_parts(disk) {
            Ok(reading) => {
                assert_eq!(reading, whole, "page {bad}");
                read += 1;
            }
            Err(FileError::Io(error)) => {
                assert_eq!(error.to_string(), "a bad sector", "page {bad}");
                failed += 1;
            }
            Err(error) => panic!("page {bad}: {error}"),
        }
    }
    assert!(
        failed > 5 && read > 5 * failed,
        "{failed} failed, {read} read"
    );
}

/// A name is found by its hash in the list. A tool, or damage, may leave a wrong one.
#[test]
fn wrong_hashes_and_starts_of_names_hide_no_key() {
    for list in [List::Lh, List::Lf] {
        let mut root = root();
        root.list = list;
        for key in &mut root.keys {
            key.list = list;
            key.keys.iter_mut().for_each(|key| key.list = list);
        }
        let intact = file_in_bins(&root);
        let signature: &[u8] = if list == List::Lh { b"lh" } else { b"lf" };
        let mut changed = 0;
        // All of them are zero, or those of their predecessors.
        for is_moved in [false, true] {
            let mut hive = intact.clone();
            for at in (PAGE..hive.len() - 4).step_by(8) {
                if !hive[at + 4..].starts_with(signature) {
                    continue;
                }
                let count = usize::from(u16::from_le_bytes([hive[at + 6], hive[at + 7]]));
                let mut last = [0; 4];
                for element in 0..count {
                    let hint = &mut hive[at + 8 + 8 * element + 4..][..4];
                    let own: [u8; 4] = (&*hint).try_into().unwrap();
                    hint.copy_from_slice(&last);
                    changed += 1;
                    if is_moved {
                        last = own;
                    }
                }
            }
            let expected = of_bytes(&intact);
            assert_eq!(of_bytes(&hive), expected, "{list:?}, {is_moved}");
            assert_eq!(in_parts(Cursor::new(&hive)).unwrap(), expected);
        }
        assert!(changed > 400, "{changed}");
    }
}

/// The headers of bins are searched for backward from a cell. Data with the bytes of a header on the very
/// page are no bin.
#[test]
fn data_that_look_like_a_bin_are_none() {
    let service = key("Data").value("Value", BINARY, &vec![0x41; 3 * PAGE]);
    let mut root = system(vec![key("SslBindingInfo").key(binding("0.0.0.0:1"))]);
    let services = &mut root.keys[1].keys[1].keys;
    services.insert(0, service);
    let intact = file(&root);
    let expected = of_bytes(&intact);
    let page = (PAGE..intact.len())
        .step_by(PAGE)
        .find(|at| intact[*at..].starts_with(&[0x41; 32]))
        .unwrap();
    assert!(place_of(&intact, "0.0.0.0:1") > page + PAGE);
    for length in [1, 2, 8] {
        let mut hive = intact.clone();
        hive[page..page + 4].copy_from_slice(b"hbin");
        for (at, number) in [(4, page - PAGE), (8, length * PAGE)] {
            let number = u32::try_from(number).unwrap();
            hive[page + at..page + at + 4].copy_from_slice(&number.to_le_bytes());
        }
        assert_eq!(of_bytes(&hive), expected, "{length} pages");
        assert_eq!(in_parts(Cursor::new(&hive)).unwrap(), expected);
    }
}

#[test]
fn a_damaged_header_of_a_bin_is_an_error_where_bindings_need_it() {
    let intact = file_in_bins(&root());
    let expected = of_bytes(&intact);
    let (mut failed, mut read) = (0, 0);
    for page in (PAGE..intact.len()).step_by(PAGE) {
        // The signature, the place, and a length of nothing.
        for (at, bytes) in [(0, b"hbim"), (4, b"\x01\0\0\0"), (8, b"\0\0\0\0")] {
            let mut hive = intact.clone();
            hive[page + at..page + at + 4].copy_from_slice(bytes);
            match in_parts(Cursor::new(&hive)) {
                Ok(reading) => {
                    assert_eq!(reading, expected, "{page:#x}");
                    read += 1;
                }
                Err(error) => {
                    let what = "the header of this cell's bin is damaged";
                    assert!(error.to_string().contains(what), "{page:#x}: {error}");
                    failed += 1;
                }
            }
        }
    }
    assert!(
        failed > 9 && read > 5 * failed,
        "{failed} failed, {read} read"
    );
}

#[test]
fn a_truncated_file_is_reported() {
    let hive = file_in_bins(&root());
    for length in [100, PAGE, 3 * PAGE, hive.len() - PAGE] {
        let cut = &hive[..length];
        let error = in_parts(Cursor::new(cut)).unwrap_err().to_string();
        let of_bytes = read(cut, &ReadOptions::default()).unwrap_err().to_string();
        assert_eq!(error, of_bytes);
        let expected = match length {
            100 => "a file of 100 bytes".to_owned(),
            _ => format!("the hive is truncated: it has {length} bytes"),
        };
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn the_first_block_tells_whether_logs_are_needed() {
    let hive = file(&root());
    assert!(is_clean(&hive) && is_clean(&hive[..PAGE]));
    assert!(!is_clean(&hive[..PAGE - 1]));
    let mut dirty = hive;
    dirty[4] += 1;
    sign(&mut dirty);
    assert!(!is_clean(&dirty));
    let reading = in_parts(Cursor::new(&dirty)).unwrap();
    assert_eq!(reading, of_bytes(&dirty));
    assert_eq!(keys(&reading).len(), 39);
    assert!(reading.recovery.unwrap().was_dirty);
}

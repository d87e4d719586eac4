//! Sorting with limited memory: sorted pieces in temporary files are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Seek, Write};

use crate::spill::{Entries, Run, Spill};

/// The most bytes in memory before they are written to a file.
const MOST: usize = 16 << 20;

/// Takes keys with values in any order. If they exceed some megabytes, they are written to files in
/// the system's directory for temporary files, which are removed with the process.
#[derive(Debug)]
pub(crate) struct Sorter {
    most: usize,
    /// Keys and values in sequence.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// Each sorted, in the order in which they were taken.
    files: Vec<File>,
}

/// Where an entry begins, and how long its parts are.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: usize,
    key: u32,
    value: u32,
}

impl Entry {
    fn key(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start..][..self.key as usize]
    }

    fn value(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start + self.key as usize..][..self.value as usize]
    }
}

impl Default for Sorter {
    fn default() -> Self {
        Self::holding(MOST)
    }
}

impl Sorter {
    fn holding(most: usize) -> Self {
        Self {
            most,
            bytes: Vec::new(),
            entries: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Takes one more, neither part of which may have 4 GiB.
    pub(crate) fn push(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let length = |part: &[u8]| u32::try_from(part.len()).map_err(io::Error::other);
        let entry = Entry {
            start: self.bytes.len(),
            key: length(key)?,
            value: length(value)?,
        };
        self.bytes.extend(key);
        self.bytes.extend(value);
        self.entries.push(entry);
        if self.bytes.len() + self.entries.len() * size_of::<Entry>() >= self.most {
            self.write_file()?;
        }
        Ok(())
    }

    /// Entries that are in order already, and come before those that are pushed from now on.
    pub(crate) fn after(first: Spill) -> io::Result<Self> {
        let mut sorter = Self::default();
        let mut entries = match first.into_file()? {
            Ok(file) => {
                sorter.files.push(file);
                return Ok(sorter);
            }
            Err(entries) => entries,
        };
        while let Some((key, value)) = entries.next()? {
            sorter.push(key, value)?;
        }
        Ok(sorter)
    }

    fn write_file(&mut self) -> io::Result<()> {
        let mut out = BufWriter::new(tempfile::tempfile()?);
        self.write(&mut out)?;
        let mut file = out.into_inner()?;
        file.rewind()?;
        self.files.push(file);
        Ok(())
    }

    /// Writes the collected entries in order, and frees their memory.
    fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        let bytes = &self.bytes;
        // Those that are alike stay in their order.
        self.entries.sort_by(|a, b| a.key(bytes).cmp(b.key(bytes)));
        for entry in self.entries.drain(..) {
            out.write_all(&entry.key.to_le_bytes())?;
            out.write_all(&entry.value.to_le_bytes())?;
            out.write_all(entry.key(bytes))?;
            out.write_all(entry.value(bytes))?;
        }
        self.bytes.clear();
        Ok(())
    }

    /// All of them by their keys, those of one key in the order in which they were taken.
    pub(crate) fn sorted(mut self) -> io::Result<Sorted> {
        let runs: Vec<Run> = if self.files.is_empty() {
            let mut all = Vec::with_capacity(self.bytes.len() + 8 * self.entries.len());
            self.write(&mut all)?;
            vec![Box::new(Cursor::new(all))]
        } else {
            self.write_file()?;
            let run = |file| Box::new(BufReader::new(file)) as Run;
            self.files.drain(..).map(run).collect()
        };
        // The memory is freed before the files are read.
        drop(self);
        let mut sorted = Sorted {
            next: BinaryHeap::with_capacity(runs.len()),
            runs: runs.into_iter().map(Entries::of).collect(),
        };
        for run in 0..sorted.runs.len() {
            sorted.read(run)?;
        }
        Ok(sorted)
    }
}

/// A key, the run that it is from, and its value.
type Next = (Vec<u8>, usize, Vec<u8>);

/// Keys with their values, in order. An error ends them.
#[derive(Debug)]
pub(crate) struct Sorted {
    runs: Vec<Entries>,
    /// The first that is left of each run.
    next: BinaryHeap<Reverse<Next>>,
}

impl Sorted {
    fn read(&mut self, number: usize) -> io::Result<()> {
        if let Some((key, value)) = self.runs[number].next()? {
            self.next
                .push(Reverse((key.to_vec(), number, value.to_vec())));
        }
        Ok(())
    }
}

impl Iterator for Sorted {
    type Item = io::Result<(Vec<u8>, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((key, run, value)) = self.next.pop()?;
        if let Err(error) = self.read(run) {
            self.next.clear();
            return Some(Err(error));
        }
        Some(Ok((key, value)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sort_is_stable(
            most in prop_oneof![Just(0_usize), 50..2_000_usize],
            keys in vec(vec(0..4_u8, 0..4), 0..300),
        ) {
            let mut sorter = Sorter::holding(most);
            let numbered: Vec<_> = keys.into_iter().zip(0_u32..).collect();
            for (key, number) in &numbered {
                sorter.push(key, &number.to_le_bytes()).unwrap();
            }
            let files = sorter.files.len();
            let taken = numbered.len();
            prop_assert!(most > 0 || files == taken, "{files} files of {taken}");
            let sorted: Vec<_> = sorter.sorted().unwrap().map(Result::unwrap).collect();
            let mut expected = numbered;
            expected.sort();
            let expected = expected.into_iter().map(|(key, number)| (key, number.to_le_bytes().to_vec()));
            prop_assert!(sorted.into_iter().eq(expected));
        }
    }

    #[test]
    fn little_needs_no_file() {
        let mut sorter = Sorter::default();
        sorter.push(b"b", b"").unwrap();
        sorter.push(b"a", b"1").unwrap();
        assert!(sorter.files.is_empty());
        let sorted: Vec<_> = sorter.sorted().unwrap().map(Result::unwrap).collect();
        assert_eq!(
            sorted,
            [(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), vec![])]
        );
    }

    #[test]
    fn much_takes_no_more_memory() {
        const ENTRIES: u64 = 500_000;
        let taken = allocation_counter::measure(|| {
            let mut sorter = Sorter::default();
            for number in 0..ENTRIES {
                let key = (number * 7_919 % ENTRIES).to_be_bytes();
                sorter.push(&key, &[7; 70]).unwrap();
            }
            assert_eq!(sorter.files.len(), 2);
            let keys = sorter.sorted().unwrap().map(|entry| entry.unwrap().0);
            assert!(keys.eq((0..ENTRIES).map(|number| number.to_be_bytes().to_vec())));
        });
        assert!(taken.bytes_max < 40 << 20, "{taken:?}");
    }

    #[test]
    fn truncated_run_is_an_error() {
        let mut sorter = Sorter::holding(0);
        for key in [b"a", b"b"] {
            sorter.push(key, b"value").unwrap();
        }
        sorter.files[1].set_len(10).unwrap();
        assert!(sorter.sorted().is_err());
    }
}

//! Entries that are read once, in the order in which they were written: with little memory for any
//! number of them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Seek, SeekFrom, Write};

/// The most bytes in memory before they are written to a file.
const MOST: usize = 4 << 10;

/// Keys and values in sequence: in memory if they are few, else in a temporary file, which is removed
/// with the process.
#[derive(Debug, Default)]
pub(crate) struct Spill {
    bytes: Vec<u8>,
    file: Option<File>,
}

impl Spill {
    /// Takes one more. `write` appends the key and then the value to the bytes, and returns where the
    /// key ends. Neither part may have 4 GiB.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>) -> usize) -> io::Result<()> {
        const LENGTHS: usize = 8;
        let start = self.bytes.len() + LENGTHS;
        self.bytes.extend([0; LENGTHS]);
        let key_end = write(&mut self.bytes);
        let length = |part: usize| u32::try_from(part).map_err(io::Error::other);
        let (key, value) = (
            length(key_end - start)?,
            length(self.bytes.len() - key_end)?,
        );
        let [a, b, c, d] = key.to_le_bytes();
        let [e, f, g, h] = value.to_le_bytes();
        self.bytes[start - LENGTHS..start].copy_from_slice(&[a, b, c, d, e, f, g, h]);
        if self.bytes.len() >= MOST {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }

    /// All entries from the first on.
    pub(crate) fn into_entries(self) -> io::Result<Entries> {
        Ok(match self.into_file()? {
            Ok(file) => Entries::of(Box::new(BufReader::with_capacity(MOST, file))),
            Err(few) => few,
        })
    }

    /// The file with all entries, at its start, or the few entries that need none.
    pub(crate) fn into_file(mut self) -> io::Result<Result<File, Entries>> {
        if self.file.is_some() {
            self.flush()?;
        }
        let Some(mut file) = self.file else {
            return Ok(Err(Entries::of(Box::new(Cursor::new(self.bytes)))));
        };
        file.rewind()?;
        Ok(Ok(file))
    }

    /// Calls `take` with each key so far, until it returns false.
    pub(crate) fn keys(&mut self, mut take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return each_key(self.bytes.as_slice(), take);
        };
        file.rewind()?;
        let mut is_taken = true;
        each_key(BufReader::with_capacity(MOST, &mut *file), |key| {
            is_taken = take(key);
            is_taken
        })?;
        file.seek(SeekFrom::End(0))?;
        match is_taken {
            true => each_key(self.bytes.as_slice(), take),
            false => Ok(()),
        }
    }
}

fn each_key(from: impl BufRead, mut take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut entries = Entries::of(from);
    while let Some((key, _)) = entries.next()? {
        if !take(key) {
            break;
        }
    }
    Ok(())
}

/// Where entries are read from.
pub(crate) type Run = Box<dyn BufRead + Send + Sync>;

/// Entries in the form of a [`Spill`].
pub(crate) struct Entries<R = Run> {
    run: R,
    entry: Vec<u8>,
}

impl<R: BufRead> Entries<R> {
    pub(crate) fn of(run: R) -> Self {
        Self {
            run,
            entry: Vec::new(),
        }
    }

    /// The next key and its value.
    pub(crate) fn next(&mut self) -> io::Result<Option<(&[u8], &[u8])>> {
        if self.run.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut lengths = [0; 8];
        self.run.read_exact(&mut lengths)?;
        let [a, b, c, d, e, f, g, h] = lengths;
        let key = u32::from_le_bytes([a, b, c, d]) as usize;
        let value = u32::from_le_bytes([e, f, g, h]) as usize;
        self.entry.resize(key + value, 0);
        self.run.read_exact(&mut self.entry)?;
        Ok(Some(self.entry.split_at(key)))
    }
}

impl<R> std::fmt::Debug for Entries<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entries").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(spill: &mut Spill, number: u32) {
        let write = |bytes: &mut Vec<u8>| {
            bytes.extend(number.to_be_bytes());
            let key = bytes.len();
            bytes.extend(vec![7; number as usize % 90]);
            key
        };
        spill.push(write).unwrap();
    }

    fn keys(spill: &mut Spill, most: usize) -> Vec<u32> {
        let mut keys = Vec::new();
        let take = |key: &[u8]| {
            keys.push(u32::from_be_bytes(key.try_into().unwrap()));
            keys.len() < most
        };
        spill.keys(take).unwrap();
        keys
    }

    #[test]
    fn entries_come_back_in_order() {
        for count in [0, 1, 5_000] {
            let mut spill = Spill::default();
            (0..count / 2).for_each(|number| push(&mut spill, number));
            assert!(keys(&mut spill, usize::MAX).into_iter().eq(0..count / 2));
            (count / 2..count).for_each(|number| push(&mut spill, number));
            assert_eq!(spill.file.is_some(), count == 5_000);
            assert!(keys(&mut spill, 7).into_iter().eq(0..count.min(7)));
            assert!(keys(&mut spill, usize::MAX).into_iter().eq(0..count));
            let mut entries = spill.into_entries().unwrap();
            for number in 0..count {
                let (key, value) = entries.next().unwrap().unwrap();
                assert_eq!(
                    (key, value.len()),
                    (&number.to_be_bytes()[..], number as usize % 90)
                );
            }
            assert!(entries.next().unwrap().is_none());
        }
    }
}

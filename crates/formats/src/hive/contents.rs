//! The contents of a hive after its first block: bytes in memory, or in a file of which blocks are
//! read when they are needed.

use std::cell::{OnceCell, RefCell};
use std::io::{self, Read, Seek, SeekFrom};

use super::base::LENGTH;

/// The bytes from the first bin on.
#[derive(Clone, Copy)]
pub(super) enum Contents<'a> {
    Memory(&'a [u8]),
    File(&'a dyn Blocks),
}

/// A file of which blocks are read.
pub(super) trait Blocks {
    /// The number of bytes after the first block of the hive.
    fn length(&self) -> usize;

    /// The bytes at a place; none if there are fewer, or if they cannot be read.
    fn get(&self, at: usize, length: usize) -> Option<&[u8]>;
}

impl<'a> Contents<'a> {
    pub(super) fn length(self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::File(file) => file.length(),
        }
    }

    /// The bytes at a place; none if there are fewer, or if they cannot be read.
    pub(super) fn get(self, at: usize, length: usize) -> Option<&'a [u8]> {
        match self {
            Self::Memory(bytes) => bytes.get(at..at.checked_add(length)?),
            Self::File(file) => file.get(at, length),
        }
    }
}

/// The length of a block. The cells of a binding are close together as a rule, while those on the way to
/// the first one are not.
const BLOCK: usize = 8192;

/// The contents of a hive in a file.
pub(super) struct FileContents<R> {
    source: RefCell<Source<R>>,
    length: usize,
    blocks: Vec<OnceCell<Box<Block>>>,
    /// The first error of the file.
    error: OnceCell<io::Error>,
}

struct Block {
    bytes: Box<[u8]>,
    /// The first of the requested bytes that begin in this block and end in another.
    longer: OnceCell<Box<Longer>>,
}

/// Bytes in several blocks.
struct Longer {
    bytes: Box<[u8]>,
    next: OnceCell<Box<Self>>,
}

impl<R: Read + Seek> FileContents<R> {
    /// The contents of a hive of `length` bytes. The source is after its first block.
    pub(super) fn of(source: R, length: u64) -> Self {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let length = length.saturating_sub(LENGTH);
        let blocks = length.div_ceil(BLOCK);
        Self {
            source: RefCell::new(Source {
                reader: source,
                position: LENGTH as u64,
            }),
            length,
            blocks: std::iter::repeat_with(OnceCell::new).take(blocks).collect(),
            error: OnceCell::new(),
        }
    }

    /// The first error of the file: contents that were requested were not read.
    pub(super) fn into_error(self) -> Option<io::Error> {
        self.error.into_inner()
    }

    fn block(&self, number: usize) -> Option<&Block> {
        let block = self.blocks.get(number)?;
        if let Some(block) = block.get() {
            return Some(block);
        }
        let at = number * BLOCK;
        let bytes = self.read(at, BLOCK.min(self.length - at))?;
        Some(block.get_or_init(|| {
            Box::new(Block {
                bytes,
                longer: OnceCell::new(),
            })
        }))
    }

    fn read(&self, at: usize, length: usize) -> Option<Box<[u8]>> {
        match self.source.borrow_mut().read(LENGTH + at, length) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.error.get_or_init(|| error);
                None
            }
        }
    }
}

impl<R: Read + Seek> Blocks for FileContents<R> {
    fn length(&self) -> usize {
        self.length
    }

    fn get(&self, at: usize, length: usize) -> Option<&[u8]> {
        let end = at.checked_add(length).filter(|end| *end <= self.length)?;
        let block = self.block(at / BLOCK)?;
        let start = at % BLOCK;
        if let Some(bytes) = block.bytes.get(start..start + length) {
            return Some(bytes);
        }
        let mut place = &block.longer;
        while let Some(longer) = place.get() {
            place = &longer.next;
        }
        let bytes = self.read(at, end - at)?;
        let longer = place.get_or_init(|| {
            Box::new(Longer {
                bytes,
                next: OnceCell::new(),
            })
        });
        Some(&longer.bytes)
    }
}

/// A file, and the place that it is at.
struct Source<R> {
    reader: R,
    position: u64,
}

impl<R: Read + Seek> Source<R> {
    fn read(&mut self, at: usize, length: usize) -> io::Result<Box<[u8]>> {
        let at = at as u64;
        if self.position != at {
            self.position = self.reader.seek(SeekFrom::Start(at))?;
        }
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes)?;
        self.position += length as u64;
        Ok(bytes.into())
    }
}

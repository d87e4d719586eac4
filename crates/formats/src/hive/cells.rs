//! The cells of a hive: where everything in it is kept.

use super::base::{Base, LENGTH};
use super::bins::{Bin, Bins, HEADER, PAGE};
use super::bytes::u32_at;
use super::cell_error::CellError;
use super::contents::Contents;

/// The cells of a hive. Each is returned once: no cell of an undamaged hive is used twice, except
/// security descriptors, which are not read. So a walk ends for any contents of the cells, in time
/// linear in the length of the file.
pub(super) struct Cells<'a> {
    contents: Contents<'a>,
    /// Whether the version of the format is one in which keys and values may be layered.
    pub(super) has_layers: bool,
    /// The length of all bins, as far as they are there.
    length: usize,
    bins: Bins<'a>,
    /// For each page with cells that were taken, a bit for each place where a cell can begin.
    taken: Vec<Option<Box<[u64; PAGE / 8 / 64]>>>,
    /// The bytes that are in no cell that was taken. Cells that overlap use up more than there are.
    left: usize,
}

impl<'a> Cells<'a> {
    pub(super) fn of(contents: Contents<'a>, base: &Base) -> Self {
        let length = contents.length().min(base.bins as usize);
        Self {
            contents,
            has_layers: base.minor >= 6,
            length,
            bins: Bins::of(contents, length),
            taken: vec![None; length.div_ceil(PAGE)],
            left: length,
        }
    }

    /// A hive that is shorter than its first block states, in words.
    pub(super) fn truncation(&self, base: &Base) -> Option<String> {
        let there = self.contents.length();
        let missing = (base.bins as usize).checked_sub(there)?;
        (missing > 0).then(|| {
            format!(
                "the hive is truncated: it has {} bytes and lacks {missing}",
                LENGTH + there
            )
        })
    }

    /// The data of a cell in use.
    pub(super) fn take(&mut self, offset: u32) -> Result<&'a [u8], CellError> {
        let fault = |what| CellError::new(offset, what);
        let at = offset as usize;
        if !at.is_multiple_of(8) {
            return Err(fault("no cell can begin here"));
        }
        if at >= self.length {
            return Err(fault("this is outside the hive"));
        }
        let nearest = self.bins.nearest(at).map(|bin| self.length_of(at, bin));
        let length = match nearest {
            Some(Ok(length)) => length,
            _ => match self.bins.in_order(at) {
                Some(bin) => self.length_of(at, bin).map_err(fault)?,
                None => return Err(fault("the header of this cell's bin is damaged")),
            },
        };
        let (page, place) = (at / PAGE, at % PAGE / 8);
        let taken = self.taken.get_mut(page);
        let taken = taken.ok_or(fault("this is outside the hive"))?;
        let taken = &mut taken.get_or_insert_default()[place / 64];
        if *taken & (1 << (place % 64)) != 0 {
            return Err(fault("this cell is used twice"));
        }
        *taken |= 1 << (place % 64);
        let left = self.left.checked_sub(length);
        self.left = left.ok_or(fault("this cell overlaps another"))?;
        let data = self.contents.get(at + 4, length - 4);
        data.ok_or(fault("this cell cannot be read"))
    }

    /// The length of the cell at a place in a bin.
    fn length_of(&self, at: usize, (start, end): Bin) -> Result<usize, &'static str> {
        if at < start + HEADER {
            return Err("this is the header of a bin");
        }
        let size = self.contents.get(at, 4).and_then(|size| u32_at(size, 0));
        let size = size.ok_or("this cell cannot be read")?.cast_signed();
        if size >= 0 {
            return Err("this cell is not in use");
        }
        let length = size.unsigned_abs() as usize;
        if length < 8 || length > end - at {
            return Err("this cell goes beyond its bin");
        }
        Ok(length)
    }
}

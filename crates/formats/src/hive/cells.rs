//! The cells of a hive: where everything in it is kept.

use super::base::{Base, LENGTH};
use super::bytes::u32_at;
use super::cell_error::CellError;

/// The length of a bin is a multiple of this.
const PAGE: usize = 4096;
/// The length of a bin's header.
const BIN_HEADER: usize = 32;

/// The cells of a hive. Each is returned once: no cell of an undamaged hive is used twice, except
/// security descriptors, which are not read. So a walk ends for any contents of the cells, in time
/// linear in the length of the file.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    data: &'a [u8],
    /// Whether the version of the format is one in which keys and values may be layered.
    pub(super) has_layers: bool,
    /// Where the bins begin and end, in ascending order.
    bins: Vec<(usize, usize)>,
    /// A bit for each place where a cell can begin.
    taken: Vec<u64>,
}

impl<'a> Cells<'a> {
    /// The cells of a file, and the errors of its bins.
    pub(super) fn of(file: &'a [u8], base: &Base) -> (Self, Vec<String>) {
        let mut wrong = Vec::new();
        let stated = base.bins as usize;
        let there = file.get(LENGTH..).unwrap_or_default();
        if there.len() < stated {
            wrong.push(format!(
                "the hive is truncated: it has {} bytes and lacks {}",
                file.len(),
                stated - there.len()
            ));
        }
        let data = &there[..stated.min(there.len())];
        let mut bins = Vec::new();
        let mut at = 0;
        let mut is_lost = false;
        while at < data.len() {
            match bin_length(data, at) {
                Some(length) => {
                    let end = (at + length).min(data.len());
                    bins.push((at, end));
                    is_lost = false;
                    at = end;
                }
                None => {
                    if !is_lost {
                        wrong.push(format!("a bin is missing at {:#x}", LENGTH + at));
                    }
                    is_lost = true;
                    at += PAGE;
                }
            }
        }
        let cells = Self {
            data,
            has_layers: base.minor >= 6,
            bins,
            taken: vec![0; data.len().div_ceil(8 * 64)],
        };
        (cells, wrong)
    }

    /// The data of a cell in use.
    pub(super) fn take(&mut self, offset: u32) -> Result<&'a [u8], CellError> {
        let fault = |what| CellError::new(offset, what);
        let at = offset as usize;
        if !at.is_multiple_of(8) {
            return Err(fault("no cell can begin here"));
        }
        let bin = self.bins.partition_point(|(start, _)| *start <= at);
        let (start, end) = match bin.checked_sub(1).and_then(|bin| self.bins.get(bin)) {
            Some((start, end)) if at < *end => (*start, *end),
            _ => return Err(fault("this is outside the hive")),
        };
        if at < start + BIN_HEADER {
            return Err(fault("this is the header of a bin"));
        }
        let size = u32_at(self.data, at).ok_or(fault("this is outside the hive"))?;
        let size = size.cast_signed();
        if size >= 0 {
            return Err(fault("this cell is not in use"));
        }
        let length = size.unsigned_abs() as usize;
        if length < 8 || length > end - at {
            return Err(fault("this cell goes beyond its bin"));
        }
        let (word, bit) = (at / (8 * 64), at / 8 % 64);
        let taken = self
            .taken
            .get_mut(word)
            .ok_or(fault("this is outside the hive"))?;
        if *taken & (1 << bit) != 0 {
            return Err(fault("this cell is used twice"));
        }
        *taken |= 1 << bit;
        Ok(&self.data[at + 4..at + length])
    }
}

/// The length of the bin at a place, if there is one.
fn bin_length(data: &[u8], at: usize) -> Option<usize> {
    let header = data.get(at..at + BIN_HEADER)?;
    let place = u32_at(header, 4)? as usize;
    let length = u32_at(header, 8)? as usize;
    (header.starts_with(b"hbin") && place == at && length >= PAGE && length.is_multiple_of(PAGE))
        .then_some(length)
}

//! Errors of a place in a hive.

use super::base::LENGTH;

/// An error of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cell {offset:#x}: {what}")]
pub(super) struct CellError {
    /// Where it is, counted from the first bin's start.
    pub(super) offset: u32,
    /// The message.
    pub(super) what: &'static str,
}

impl CellError {
    pub(super) fn new(offset: u32, what: &'static str) -> Self {
        Self { offset, what }
    }

    /// Where the cell is in the file.
    pub(super) fn in_file(&self) -> u64 {
        in_file(self.offset)
    }
}

/// The offset of a cell in the file, by that from the first bin.
pub(super) fn in_file(cell: u32) -> u64 {
    LENGTH as u64 + u64::from(cell)
}

//! What is wrong with a place in a hive.

use std::fmt;

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellError {
    /// Where it is, counted from the first bin's start.
    pub(super) offset: u32,
    /// What it is.
    pub(super) what: &'static str,
}

impl CellError {
    pub(super) fn new(offset: u32, what: &'static str) -> Self {
        Self { offset, what }
    }
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell {:#x}: {}", self.offset, self.what)
    }
}

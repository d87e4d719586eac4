//! What is wrong with a place in a hive.

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cell {offset:#x}: {what}")]
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

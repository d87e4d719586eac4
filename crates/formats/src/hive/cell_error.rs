//! Errors of a place in a hive.

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
}

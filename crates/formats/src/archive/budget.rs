//! The bytes that may still be unpacked.

use std::cell::Cell;
use std::io::{self, Read};

use super::error::ArchiveError;
use super::limits::Limits;

/// The bytes that may still be unpacked of a file.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<u64>,
    limit: u64,
    is_spent: Cell<bool>,
}

impl Budget {
    pub(super) fn new(limits: &Limits, length: usize) -> Self {
        let limit = limits.allowance(length);
        Self {
            left: Cell::new(limit),
            limit,
            is_spent: Cell::new(false),
        }
    }

    /// A reader that fails when more than the budget is read.
    pub(super) fn reader<R: Read>(&self, content: R) -> Spending<'_, R> {
        Spending {
            content,
            budget: self,
        }
    }

    /// The error of a reader: that of the limit if that was why.
    pub(super) fn error(&self, error: io::Error) -> ArchiveError {
        if self.is_spent.get() {
            return ArchiveError::TooLarge { limit: self.limit };
        }
        match error.downcast::<ArchiveError>() {
            Ok(error) => error,
            Err(error) => ArchiveError::Damaged(error.to_string()),
        }
    }
}

/// A reader whose bytes are counted.
#[derive(Debug)]
pub(super) struct Spending<'a, R> {
    content: R,
    budget: &'a Budget,
}

impl<R: Read> Read for Spending<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(into)?;
        match self.budget.left.get().checked_sub(read as u64) {
            Some(left) => self.budget.left.set(left),
            None => {
                self.budget.is_spent.set(true);
                return Err(io::Error::other("the content is too large"));
            }
        }
        Ok(read)
    }
}

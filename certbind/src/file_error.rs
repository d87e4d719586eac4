//! The errors of a file that cannot be read, as JSON has them.

use certbind_formats::ParseError;
use serde::Serialize;

use crate::error::Error;

/// An error and its place in the file.
#[derive(Debug, Serialize)]
pub(crate) struct FileError {
    message: String,
    /// Counted from 1, as the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u64>,
    /// The record of an export that is broken: its key, its registry key, or its index.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
}

impl FileError {
    pub(crate) fn of(error: &ParseError) -> Self {
        Self {
            message: error.what.clone(),
            line: error.line,
            column: error.column,
            record: error.record.clone(),
        }
    }
}

/// The errors of a file, in its order; none if the error is about the file as a whole.
pub(crate) fn errors(error: &Error) -> Vec<FileError> {
    let found = error.in_file();
    found.map_or_else(Vec::new, |(_, errors)| {
        errors.iter().map(FileError::of).collect()
    })
}

//! Long listings, read without their text in memory: allocating and filling memory for the text would take
//! longer than reading its records.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use certbind_formats::netsh::{self, ListingError};
use certbind_formats::{Format, ReadOptions, ReadOutcome, detect};

use crate::error::Error;
use crate::files;
use crate::hive_logs::format_of_name;
use crate::input::is_standard_input;
use crate::read_file;

/// Longer ones are never searched for noise, which takes all of the text.
const LONG: u64 = 16 << 20;

/// Reads a file that is a long listing; none for any other.
///
/// # Errors
/// [`Error::Input`], [`Error::BrokenExport`].
pub(crate) fn read(path: &Path, options: &ReadOptions) -> Result<Option<ReadOutcome>, Error> {
    let is_long = |path| fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() > LONG);
    if is_standard_input(path) || !is_long(path) || files::is_packed(path) {
        return Ok(None);
    }
    let open = || Ok(BufReader::with_capacity(64 << 10, read_file::open(path)?));
    let unread = |source| Error::Input {
        path: path.to_owned(),
        source,
    };
    let mut start = open().map_err(unread)?;
    let start = start.fill_buf().map_err(unread)?;
    let is_blank = start.iter().all(u8::is_ascii_whitespace);
    let format = format_of_name(path).unwrap_or_else(|| detect(start));
    if is_blank || format != Format::Netsh {
        return Ok(None);
    }
    netsh::read_from(open, options).map_err(|error| match error {
        ListingError::Read(source) => Error::BrokenExport {
            path: path.to_owned(),
            source: Box::new(source),
        },
        ListingError::Io(source) | ListingError::Sort(source) => unread(source),
        error => unread(std::io::Error::other(error)),
    })
}

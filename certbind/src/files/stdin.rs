//! Standard input as a target that may be an archive. It is read once and kept, since the formats are
//! detected before the contents are read.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use certbind_formats::archive::{self, Limits, Opened, open};

use super::archive::Archive;
use crate::read_file;

enum Piped {
    Archive(Arc<Archive>),
    /// Until they are read.
    File(Mutex<Option<Vec<u8>>>),
}

/// An I/O error cannot be cloned, its text can.
static PIPED: OnceLock<Result<Piped, String>> = OnceLock::new();

/// Whether a path means standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads standard input, and keeps it for [`archive()`] and [`take`].
pub(super) fn keep() {
    PIPED.get_or_init(|| read().map_err(|error| error.to_string()));
}

/// The archive on standard input, if it was kept and is one.
pub(super) fn archive() -> Option<Arc<Archive>> {
    match PIPED.get()? {
        Ok(Piped::Archive(archive)) => Some(Arc::clone(archive)),
        Ok(Piped::File(_)) | Err(_) => None,
    }
}

/// The bytes of standard input, if they were kept.
pub(super) fn take() -> Option<io::Result<Vec<u8>>> {
    match PIPED.get()? {
        Ok(Piped::File(bytes)) => {
            let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner).take();
            Some(bytes.ok_or_else(|| io::Error::other("standard input was read already")))
        }
        Ok(Piped::Archive(_)) => Some(Err(io::Error::other("this is an archive"))),
        Err(error) => Some(Err(io::Error::other(error.as_str()))),
    }
}

fn read() -> io::Result<Piped> {
    let bytes = read_file::bounded(&mut io::stdin().lock(), read_file::MOST_PIPED)?;
    if !archive::is_archive(&bytes).unwrap_or_default() {
        return Ok(Piped::File(Mutex::new(Some(bytes))));
    }
    match open(&bytes, &Limits::default()).map_err(io::Error::other)? {
        Opened::Entries(entries) => Ok(Piped::Archive(Arc::new(Archive::of(entries)))),
        Opened::File(_) => Ok(Piped::File(Mutex::new(Some(bytes)))),
    }
}

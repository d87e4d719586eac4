//! Output files, replaced atomically.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use certbind_core::StoreError;

use crate::error::Error;

/// What a redb file starts with.
const REDB: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// Writes to a place that the user named: a file is there whole or as it was, a link is followed,
/// and what is no file, such as a device, is written to. A store is never overwritten.
pub(crate) fn write(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), Error> {
    let io = |error| StoreError::io("write", path, error);
    let Ok(found) = fs::metadata(path) else {
        return replace(path, write);
    };
    if !found.is_file() {
        let mut out = BufWriter::new(File::options().write(true).open(path).map_err(io)?);
        write(&mut out)?;
        return Ok(out.flush()?);
    }
    if is_store(path).map_err(io)? {
        return Err(Error::WouldOverwriteStore {
            path: path.to_owned(),
        });
    }
    replace(&fs::canonicalize(path).map_err(io)?, write)
}

/// Whether a file is a store of ours.
pub(crate) fn is_store(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    let file = File::open(path)?;
    file.take(REDB.len() as u64).read_to_end(&mut start)?;
    Ok(start == REDB)
}

/// Writes a file so that it is there whole or as it was.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), Error> {
    let io = |error| StoreError::io("write", path, error);
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let file = tempfile::Builder::new()
        .prefix(".certbind-")
        .tempfile_in(directory)
        .map_err(io)?;
    let mut buffered = std::io::BufWriter::new(file);
    write(&mut buffered)?;
    let file = buffered
        .into_inner()
        .map_err(|error| io(error.into_error()))?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}

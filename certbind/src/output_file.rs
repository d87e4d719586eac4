//! Output files, replaced atomically.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use certbind_core::StoreError;

use crate::error::Error;
use crate::registry::registry;

/// Writes to a path that the user named: a file is replaced atomically, a link is followed, and a
/// device is written to. A store is never overwritten, nor a part of one: its log, journal or lock.
pub(crate) fn write(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), Error> {
    let io = |error| StoreError::io("write", path, error);
    check_free_of_stores(path)?;
    let Ok(found) = fs::metadata(path) else {
        return replace(path, write);
    };
    if !found.is_file() {
        let mut out = BufWriter::new(File::options().write(true).open(path).map_err(io)?);
        write(&mut out)?;
        return Ok(out.flush()?);
    }
    replace(&fs::canonicalize(path).map_err(io)?, write)
}

/// Refuses the path of a store, or of a part of one such as its log, whether that exists or not.
pub(crate) fn check_free_of_stores(path: &Path) -> Result<(), Error> {
    let io = |error| StoreError::io("write", path, error);
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let is_store = place.is_file() && registry().owner_of(&place).map_err(io)?.is_some();
    if is_store || registry().is_part_of_a_store(&place).map_err(io)? {
        return Err(Error::WouldOverwriteStore {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// Replaces a file atomically.
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

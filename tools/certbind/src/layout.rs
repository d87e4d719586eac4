//! The layout of the listing that a store was last imported from, kept in a file beside it, so
//! that an export prints as the host did.

use std::io::Write;
use std::path::{Path, PathBuf};

use backend_redb::RedbStore;
use interchange::netsh::Layout;
use serde::{Deserialize, Serialize};
use store_core::{StoreError, Uuid};

use crate::error::Error;

#[derive(Serialize, Deserialize)]
struct Kept<L> {
    /// The id of the store that it belongs to: another one may come to have the name.
    store: Uuid,
    layout: L,
}

/// `bindings.layout.json` for `bindings.redb`.
fn path(store: &RedbStore) -> PathBuf {
    store.path().with_extension("layout.json")
}

pub(crate) fn read(store: &RedbStore) -> Result<Option<Layout>, Error> {
    let path = path(store);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Input { path, source }),
    };
    let kept: Kept<Layout> = serde_json::from_slice(&text).map_err(|error| Error::BrokenInput {
        path,
        problem: format!("it is no layout: {error}; delete it"),
    })?;
    Ok((kept.store == store.id()).then_some(kept.layout))
}

pub(crate) fn write(store: &RedbStore, layout: &Layout) -> Result<(), Error> {
    let path = path(store);
    let kept = Kept {
        store: store.id(),
        layout,
    };
    replace(&path, |file| Ok(serde_json::to_writer(file, &kept)?))
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

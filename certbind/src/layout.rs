//! The layout of the last imported listing, saved to `<store>.layout.json`, so that an export
//! reproduces the listing byte for byte.

use std::path::Path;

use certbind_core::Uuid;
use certbind_formats::netsh::Layout;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::output_file;

#[derive(Serialize, Deserialize)]
struct LayoutFile<L> {
    /// The id of the store that it belongs to: another store may later have the name.
    store: Uuid,
    layout: L,
}

pub(crate) fn read(path: &Path, store: Uuid) -> Result<Option<Layout>, Error> {
    let path = path.to_owned();
    let text = match crate::read_file::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Input { path, source }),
    };
    let kept: LayoutFile<Layout> =
        serde_json::from_slice(&text).map_err(|error| Error::BrokenInput {
            path: path.clone(),
            problem: format!("not the layout of a listing: {error}; delete the file"),
        })?;
    if kept.store != store {
        return Ok(None);
    }
    let checked = kept.layout.check();
    checked.map_err(|error| Error::BrokenInput {
        path,
        problem: format!("the layout of the listing cannot be used: {error}; delete the file"),
    })?;
    Ok(Some(kept.layout))
}

pub(crate) fn write(path: &Path, store: Uuid, layout: &Layout) -> Result<(), Error> {
    let kept = LayoutFile { store, layout };
    output_file::replace(path, |file| Ok(serde_json::to_writer(file, &kept)?))
}

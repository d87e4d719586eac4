//! The undo file of a plan. It is durable before the first change is made, so that every plan that
//! was applied can be undone.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use certbind_core::StoreError;
use tempfile::NamedTempFile;

use crate::error::Error;
use crate::output_file::check_free_of_stores;
use crate::read_file;
use crate::terminal::escaped_json;

/// `plan.undo.json` for `plan.json`.
pub(crate) fn default_path(plan: &Path) -> PathBuf {
    let mut name = plan.file_stem().map_or_else(OsString::new, OsString::from);
    name.push(".undo.json");
    plan.with_file_name(name)
}

/// An undo file that is on disk.
pub(crate) struct UndoFile {
    path: PathBuf,
    is_new: bool,
}

/// Writes the undo of a plan, which is JSON. An existing file with the same contents, as an
/// interrupted run leaves it, is reused; any other is refused.
pub(crate) fn save(path: &Path, undo: &str) -> Result<UndoFile, Error> {
    let io = |error| StoreError::io("write", path, error);
    check_free_of_stores(path)?;
    let json = escaped_json(undo);
    let is_new = match write_new(path, json.as_bytes()) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if read_file::read(path).map_err(io)? != json.as_bytes() {
                return Err(Error::UndoExists {
                    path: path.to_owned(),
                });
            }
            false
        }
        Err(error) => return Err(io(error).into()),
    };
    sync(path).map_err(io)?;
    Ok(UndoFile {
        path: path.to_owned(),
        is_new,
    })
}

impl UndoFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the contents by the undo of the current contents of the store, if that differs.
    pub(crate) fn update(&self, undo: &str) -> Result<(), Error> {
        let io = |error| StoreError::io("write", &self.path, error);
        let json = escaped_json(undo);
        if read_file::read(&self.path).map_err(io)? == json.as_bytes() {
            return Ok(());
        }
        let file = temporary(&self.path, json.as_bytes()).map_err(io)?;
        file.persist(&self.path).map_err(|error| io(error.error))?;
        Ok(sync(&self.path).map_err(io)?)
    }

    /// Removes the file: nothing was changed, so there is nothing to undo.
    pub(crate) fn discard(self) {
        if self.is_new {
            // One that stays undoes nothing: it is refused as applied already.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes a complete file under an unused name.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = temporary(path, bytes)?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// A file of another name in the folder of `path`, durably written.
fn temporary(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(".certbind-")
        .tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Has the file and its name outlive a power cut.
pub(crate) fn sync(path: &Path) -> io::Result<()> {
    // On Windows syncing the file writes out NTFS's journal up to its naming; it takes a file that
    // is open for writing.
    OpenOptions::new().write(true).open(path)?.sync_all()?;
    if cfg!(windows) {
        return Ok(());
    }
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_path_is_next_to_the_plan() {
        for (plan, undo) in [
            ("plan.json", "plan.undo.json"),
            ("a/b/plan", "a/b/plan.undo.json"),
            ("./plan.undo.json", "./plan.undo.undo.json"),
        ] {
            assert_eq!(default_path(Path::new(plan)), Path::new(undo));
        }
    }
}

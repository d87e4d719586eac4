//! A folder of certificates.

use std::path::Path;

use certbind_certificates::Folder;

use crate::error::Error;
use crate::message::warn;
use crate::terminal::escaped;

/// Reads the certificates of a folder, and warns about files without one, such as a PFX.
pub(crate) fn certificate_folder(path: &Path) -> Result<Folder, Error> {
    let folder = Folder::read(path).map_err(|error| Error::Input {
        path: error.path,
        source: error.source,
    })?;
    for file in folder.skipped_files() {
        let what = "has no certificate in PEM or DER format and was skipped";
        warn(&format!("{} {what}", escaped(&file.display().to_string())));
    }
    Ok(folder)
}
